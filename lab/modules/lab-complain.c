// SPDX-License-Identifier: GPL-2.0-only
/*
 * lab-complain: TEST ONLY, for the lab's machine; never in a package
 *
 * Makes the mistakes that the parameter "of" names. The debug kernel has to report them,
 * and lab/vm has to notice. To make all of them, keep the order of the table: lockdep
 * turns itself off after a wrong order of locks, and its checks of RCU are off after a
 * report of KASAN.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timer.h>

static char *of[16];
static int nr_of;
module_param_array(of, charp, &nr_of, 0444);
MODULE_PARM_DESC(of, "Mistakes to make");

static int unknown = 40;
static int __rcu *rcu_pointer;
static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static void complain_warn(void)
{
	WARN(1, "lab-complain\n");
}

static void complain_sleep(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
}

static void complain_shift(void)
{
	pr_info("lab-complain: %d\n", 1 << READ_ONCE(unknown));
}

static void complain_overrun(void)
{
	char *buf = kmalloc(16, GFP_KERNEL);

	if (buf)
		pr_info("lab-complain: %d\n", buf[READ_ONCE(unknown) - 24]);
	kfree(buf);
}

static void complain_leak(void)
{
	void *lost;
	int i;

	/* Many, because the allocator's caches still point to the last few. */
	for (i = 0; i < 256; i++) {
		lost = kmalloc(64, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(lost);
	}
}

static void complain_rcu(void)
{
	pr_info("lab-complain: %p\n", rcu_dereference(rcu_pointer));
}

static void complain_locks(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void complain_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

static void complain_list(void)
{
	struct list_head entry, head = LIST_HEAD_INIT(head);

	list_add(&entry, &head);
	list_del(&entry);
	list_del(&entry);
}

static void complain_timer_function(struct timer_list *timer)
{
}

static void complain_object(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, complain_timer_function, 0);
	mod_timer(timer, jiffies + 100 * HZ);
	kfree(timer);
}

/* More than twice as long as hung_task_timeout_secs, if that is set to 5 */
static void complain_hang(void)
{
	schedule_timeout_uninterruptible(12 * HZ);
}

static const struct {
	const char *name;
	void (*make)(void);
} mistakes[] = {
	{ "warn", complain_warn },
	{ "leak", complain_leak },
	{ "sleep", complain_sleep },
	{ "rcu", complain_rcu },
	{ "locks", complain_locks },
	{ "shift", complain_shift },
	{ "refcount", complain_refcount },
	{ "list", complain_list },
	{ "object", complain_object },
	{ "overrun", complain_overrun },
	{ "hang", complain_hang },
};

static int __init complain_init(void)
{
	int i, j;

	for (i = 0; i < nr_of; i++) {
		for (j = 0; j < ARRAY_SIZE(mistakes); j++)
			if (!strcmp(of[i], mistakes[j].name))
				break;
		if (j == ARRAY_SIZE(mistakes))
			return -EINVAL;
		mistakes[j].make();
	}

	return 0;
}
module_init(complain_init);

static void __exit complain_exit(void)
{
}
module_exit(complain_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("TEST ONLY: mistakes for a debug kernel to find");
/* Taints the kernel as one under test. */
MODULE_INFO(test, "Y");
