# SPDX-License-Identifier: GPL-2.0-only
#
# `make` builds the module for the running kernel, or for the kernel whose build folder
# KDIR names. `make help` describes the rest.

KDIR ?= /lib/modules/$(shell uname -r)/build
DRIVER := $(CURDIR)/drivers/vfio/pci/nosnoop

COMPAT := $(MAKE) -C compat KDIR="$(KDIR)" DRIVER="$(DRIVER)"

# prefix is where the command and the manual pages go. DESTDIR is put before prefix, and
# before the folders in which the kernel and DKMS look.
prefix ?= /usr/local
VERSION := $(shell sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
DKMS_SOURCE = $(DESTDIR)/usr/src/vfio-pci-nosnoop-$(VERSION)
MANUAL = $(DESTDIR)$(prefix)/share/man/man4/vfio-pci-nosnoop.4

.PHONY: all install install-module install-command install-dkms uninstall dist run check check-all prove soak mutants coverage bench bench-check series docs deb \
	tree untree clean distclean help

all:
	@$(COMPAT) modules

install: install-module install-command

install-module:
	@$(COMPAT) modules_install INSTALL_MOD_PATH="$(DESTDIR)"
	install -D -m 644 Documentation/man/vfio-pci-nosnoop.4 $(MANUAL)

install-command:
	@$(MAKE) -C cli install DESTDIR="$(DESTDIR)" prefix="$(prefix)"

# For packages: the module's source where DKMS looks for it
install-dkms:
	@$(COMPAT) clean
	install -d $(DKMS_SOURCE)/dkms $(DESTDIR)/etc/vfio-pci-nosnoop
	cp -r compat drivers $(DKMS_SOURCE)
	install -m 644 packaging/Kbuild $(DKMS_SOURCE)/drivers/vfio/pci/nosnoop
	install $(filter-out dkms/dkms.conf,$(wildcard dkms/*)) $(DKMS_SOURCE)/dkms
	sed 's/#MODULE_VERSION#/$(VERSION)/' dkms/dkms.conf >$(DKMS_SOURCE)/dkms.conf
	install -D -m 644 Documentation/man/vfio-pci-nosnoop.4 $(MANUAL)

uninstall:
	@release=$$($(MAKE) -s -C "$(KDIR)" kernelrelease) && \
		modules="$(DESTDIR)/lib/modules/$$release" && \
		rm -f "$$modules"/updates/vfio-pci-nosnoop.ko* \
			"$$modules"/extra/vfio-pci-nosnoop.ko* && \
		depmod -b "$(DESTDIR)/" "$$release"
	rm -f $(MANUAL)
	@$(MAKE) -C cli uninstall DESTDIR="$(DESTDIR)" prefix="$(prefix)"

dist:
	@packaging/dist

run:
	@lab/make/run $(if $(filter command,$(firstword $(origin ARCH))),--arch $(ARCH))

check:
	@lab/check

check-all:
	@lab/check --all

prove:
	@lab/make/prove

soak:
	@lab/make/soak

mutants:
	@lab/make/mutants

coverage:
	@lab/make/coverage

bench:
	@lab/make/bench

bench-check:
	@lab/make/bench --check

series:
	@lab/make/series

docs:
	@lab/make/docs

deb:
	@lab/make/deb

tree untree:
	@[ -n "$(KERNEL)" ] || { \
		echo "make $@ needs KERNEL=, the folder of a kernel's source" >&2; \
		exit 1; }
	@lab/make/tree $(if $(filter untree,$@),--remove) "$(KERNEL)"

clean:
	rm -rf build
	@$(COMPAT) clean

distclean: clean
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/vfio-pci-nosnoop"

help:
	@echo "make            build the module for the running kernel (KDIR= for another)"
	@echo "make install    install the module and the command (DESTDIR=, prefix=)"
	@echo "make uninstall  remove both again"
	@echo "make install-command  install only the command"
	@echo "make install-dkms  install the module's source for DKMS"
	@echo "make dist       make the sources for packages of other distributions, in build/dist"
	@echo "make run        show the driver at work in the lab, compared with vfio-pci (root);"
	@echo "                with ARCH=arm64 on a machine with an Arm processor"
	@echo "make check      run the tests that each commit has to pass (root)"
	@echo "make check-all  also those of packages, documents, other kernels and the lab (root)"
	@echo "make prove      prove policy.h and config.c for all values with CBMC (root)"
	@echo "make soak       run millions of hostile operations, on two kernels (root)"
	@echo "make mutants    take out the driver's hooks one at a time; a test must find each (root)"
	@echo "make coverage   show which lines of the driver the tests reach (root)"
	@echo "make bench      measure what the driver costs, compared with vfio-pci (root)"
	@echo "make bench-check  check that it costs no more than expected (root)"
	@echo "make series     make the patches for the kernel, and try them (root)"
	@echo "make docs       build the documentation as the kernel does (root)"
	@echo "make deb        build the Debian packages, in build/deb (root)"
	@echo "make tree       put the driver into the kernel tree KERNEL=; make untree removes it"
	@echo "make clean      remove what was built here"
	@echo "make distclean  also remove the lab's cache"
