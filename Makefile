# SPDX-License-Identifier: GPL-2.0-only
#
# The front door. `make` builds the module for the running kernel, or for the
# kernel whose build folder KDIR names; the rest is described by `make help`.

KDIR ?= /lib/modules/$(shell uname -r)/build
DRIVER := $(CURDIR)/drivers/vfio/pci/nosnoop

COMPAT := $(MAKE) -C compat KDIR="$(KDIR)" DRIVER="$(DRIVER)"

.PHONY: all install run check check-all prove soak mutants coverage bench bench-check series docs deb \
	tree untree clean distclean help

all:
	@$(COMPAT) modules

install:
	@$(COMPAT) modules_install

run:
	@lab/run

check:
	@lab/check

check-all:
	@lab/check --all

prove:
	@lab/prove

soak:
	@lab/soak

mutants:
	@lab/mutants

coverage:
	@lab/coverage

bench:
	@lab/bench

bench-check:
	@lab/bench --check

series:
	@lab/series

docs:
	@lab/docs

deb:
	@lab/deb

tree untree:
	@[ -n "$(KERNEL)" ] || { \
		echo "make $@ needs KERNEL=, the folder of a kernel's source" >&2; \
		exit 1; }
	@lab/tree $(if $(filter untree,$@),--remove) "$(KERNEL)"

clean:
	rm -rf build
	@$(COMPAT) clean

distclean: clean
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/vfio-pci-nosnoop"

help:
	@echo "make            build the module for the running kernel (KDIR= for another)"
	@echo "make install    install it"
	@echo "make run        show it at work in the lab, beside vfio-pci (root)"
	@echo "make check      what each commit has to pass (root)"
	@echo "make check-all  and those of packages, documents, other kernels and the lab (root)"
	@echo "make prove      prove policy.h and config.c for all values with CBMC (root)"
	@echo "make soak       millions of hostile operations, on two kernels (root)"
	@echo "make mutants    take the driver's hooks out one at a time; a test must find each (root)"
	@echo "make coverage   which lines of the driver the tests reach, on the debug kernel (root)"
	@echo "make bench      what it costs, in instructions, beside vfio-pci (root)"
	@echo "make bench-check  whether that is as it was (root)"
	@echo "make series     make the patches for the kernel's tree and try them (root)"
	@echo "make docs       build the documentation as the kernel does (root)"
	@echo "make deb        Debian's packages, in build/deb (root)"
	@echo "make tree       put the driver into the kernel tree KERNEL=, untree takes it out"
	@echo "make clean      remove what was built here"
	@echo "make distclean  also remove the lab's cache"
