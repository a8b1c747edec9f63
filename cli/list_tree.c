// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-nosnoop list --tree: the root buses, and below each bus and bridge the IOMMU
 * groups with their functions. The bus numbers of a bridge tell what is behind it, in a
 * dump as well as on a machine. A group that is behind several bridges is drawn below
 * each of them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "color.h"
#include "list.h"
#include "message.h"

#define PREFIX_SIZE	2048	/* for a chain of 255 bridges, with groups */

/* A function, and the index of the nearest bridge above it */
struct node {
	const struct device *device;
	int parent;		/* less than 0 if there is none */
	bool shown;		/* it is a target, or above one */
};

static struct node *nodes;
static int nr_nodes;

/* Bus numbers have to rise from bridge to bridge, or wrong ones could make a loop. */
static bool is_below(const struct device *device, const struct device *bridge)
{
	const struct config_facts *seen = &bridge->seen;

	return seen->bridge && device->address.domain == bridge->address.domain &&
	       seen->secondary > bridge->address.bus &&
	       device->address.bus >= seen->secondary &&
	       device->address.bus <= seen->subordinate;
}

/* The bridges are sorted by address, so the last one that fits is the nearest. */
static int find_parent(const struct device *device)
{
	int i = nr_nodes - 1;

	while (i >= 0 && !is_below(device, nodes[i].device))
		i--;
	return i;
}

static void make_nodes(const struct request *request)
{
	int i, above;

	nr_nodes = request->machine.count;
	nodes = allocate(NULL, nr_nodes, sizeof(*nodes));
	for (i = 0; i < nr_nodes; i++)
		nodes[i] = (struct node){ .device = &request->machine.devices[i] };
	for (i = 0; i < nr_nodes; i++)
		nodes[i].parent = find_parent(nodes[i].device);
	for (i = 0; i < nr_nodes; i++)
		if (targets_has(request, nodes[i].device))
			for (above = i; above >= 0; above = nodes[above].parent)
				nodes[above].shown = true;
}

/* Whether A and B are drawn below the same bridge, or on the same bus without a bridge */
static bool are_siblings(int a, int b)
{
	const struct address *one = &nodes[a].device->address;
	const struct address *other = &nodes[b].device->address;

	return nodes[a].shown && nodes[b].shown && nodes[a].parent == nodes[b].parent &&
	       (nodes[a].parent >= 0 ||
		(one->domain == other->domain && one->bus == other->bus));
}

static bool same_group(int a, int b)
{
	return a >= 0 && b >= 0 && nodes[a].device->group == nodes[b].device->group;
}

/* The next sibling of FIRST after AT: one in its group, or else the first of another */
static int next_sibling(int first, int at, bool in_group)
{
	int i, before;

	for (i = at + 1; i < nr_nodes; i++) {
		if (!are_siblings(i, first))
			continue;
		if (in_group && same_group(i, first))
			return i;
		for (before = first; !in_group && before < i; before++)
			if (are_siblings(before, i) && same_group(before, i))
				break;
		if (!in_group && before == i)
			return i;
	}
	return -1;
}

static void draw_siblings(int first, const char *prefix);

static void draw_function(int at, const char *prefix, bool last)
{
	const struct device *device = nodes[at].device;
	char below[PREFIX_SIZE];
	int i;

	printf("%s%s%s  bit %s  %s%s%s  %s  %s\n", prefix, last ? "`-" : "|-", device->bdf,
	       list_bit(device), color_of(device->verdict),
	       verdict_words(device->verdict)->brief, color_end(),
	       *device->driver ? device->driver : "-", device->name);
	snprintf(below, sizeof(below), "%s%s", prefix, last ? "  " : "| ");
	for (i = 0; i < nr_nodes; i++)
		if (nodes[i].shown && nodes[i].parent == at) {
			draw_siblings(i, below);
			break;
		}
}

static void draw_group(int first, const char *prefix, bool more)
{
	int i, next;

	for (i = first; i >= 0; i = next) {
		next = next_sibling(first, i, true);
		draw_function(i, prefix, next < 0 && !more);
	}
}

/* Draws FIRST and all its siblings after it. */
static void draw_siblings(int first, const char *prefix)
{
	char below[PREFIX_SIZE];
	int i, next;

	for (i = first; i >= 0; i = next) {
		next = next_sibling(first, i, false);
		/* Functions in the bridge's own group need no line for the group. */
		if (nodes[i].device->group < 0 || same_group(i, nodes[i].parent)) {
			draw_group(i, prefix, next >= 0);
			continue;
		}
		printf("%s%sgroup %d\n", prefix, next < 0 ? "`-" : "|-",
		       nodes[i].device->group);
		snprintf(below, sizeof(below), "%s%s", prefix, next < 0 ? "  " : "| ");
		draw_group(i, below, false);
	}
}

/**
 * list_tree() - Draw the targets and the bridges above them
 * @request: what was asked
 */
void list_tree(const struct request *request)
{
	int i, before;

	make_nodes(request);
	for (i = 0; i < nr_nodes; i++) {
		if (!nodes[i].shown || nodes[i].parent >= 0)
			continue;
		for (before = 0; before < i && !are_siblings(before, i); before++)
			;
		if (before < i)
			continue;
		printf("%04x:%02x\n", nodes[i].device->address.domain,
		       nodes[i].device->address.bus);
		draw_siblings(i, "");
	}
	free(nodes);
}
