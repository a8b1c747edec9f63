# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The part of lab/series inside the root file system: the checkout is /lab/src,
# the patches go to /lab/out. AUTHOR, EMAIL and BUILD are in the environment.
set -euo pipefail

# shellcheck source=lab/tests/lib/tap.sh
. /lab/src/lab/tests/lib/tap.sh

export MAINTAINER="$AUTHOR <$EMAIL>"
export GIT_AUTHOR_NAME=$AUTHOR GIT_AUTHOR_EMAIL=$EMAIL
export GIT_COMMITTER_NAME=$AUTHOR GIT_COMMITTER_EMAIL=$EMAIL
DRIVER=drivers/vfio/pci/nosnoop
SELFTESTS=tools/testing/selftests/vfio
PATCHES=/lab/src/patches
cd /lab/scratch

# Each step is a chain, for "set -e" does not hold in what a test calls.

unpack()
{
	mkdir linux && cd linux &&
		tar -xJf /usr/src/linux-source-*.tar.xz --strip-components=1 &&
		git init -q -b pristine && git config core.compression 0 &&
		git config gc.auto 0 && git add -A -f &&
		git commit -q -m "Debian's kernel source"
}

# commit MESSAGE PATH...: with all files, also those that .gitignore has
commit()
{
	git add -A -f "${@:2}" && git commit -q -s -F "$PATCHES/$1"
}

core()
{
	git am -q --signoff "$PATCHES"/core/*.patch &&
		git rebase -q --exec 'git commit -q --amend --no-edit --reset-author' pristine
}

# entry FOLDER...: the driver's entry in MAINTAINERS, without what comes later
entry()
{
	local folder

	cp /lab/scratch/MAINTAINERS . || return
	for folder; do
		sed -i "/^VFIO NOSNOOP/,/^\$/{\|^F:\t$folder|d}" MAINTAINERS
	done
}

driver()
{
	entry Documentation tools && commit 2-driver.message drivers MAINTAINERS
}

selftests()
{
	entry Documentation && commit 3-selftests.message tools MAINTAINERS
}

documentation()
{
	entry && commit 4-documentation.message Documentation MAINTAINERS
}

make_series()
{
	git checkout -q -b made pristine && core && /lab/src/lab/tree . &&
		rm .vfio-pci-nosnoop && cp MAINTAINERS /lab/scratch &&
		driver && selftests && documentation &&
		is "$(git status --porcelain --ignored)" "" &&
		git format-patch -q --zero-commit --no-signature --cover-letter \
			--cover-from-description=subject \
			--description-file=$PATCHES/cover-letter -o /lab/out pristine
}

# The overlay on the changes to the core, made without the patches
make_overlay()
{
	git checkout -q -b overlay pristine && git apply --index "$PATCHES"/core/*.patch &&
		/lab/src/lab/tree . && rm .vfio-pci-nosnoop && git add -A -f &&
		git commit -q -m overlay
}

same_as_overlay()
{
	is "$(git diff --stat overlay applied)" "" &&
		is "$(git rev-parse "applied^{tree}")" "$(git rev-parse "overlay^{tree}")"
}

checkpatch_is_silent()
{
	local output

	# COMPLEX_MACRO: libvfio's way to add a fixture's variants is such a macro.
	output=$(perl scripts/checkpatch.pl --strict --no-summary --terse --show-types \
		--ignore "$2" "$1" 2>&1) && is "$output" ""
}

config()
{
	make -s tinyconfig &&
		scripts/kconfig/merge_config.sh -m .config /lab/src/lab/kernels/base.config &&
		make -s olddefconfig
}

# configure: what there is of the driver now as a module
configure()
{
	echo "CONFIG_KUNIT=m" >>.config
	[ ! -d $DRIVER ] || printf '%s\n' CONFIG_NOSNOOP_VFIO_PCI=m \
		CONFIG_NOSNOOP_VFIO_PCI_KUNIT_TEST=m >>.config
	make -s olddefconfig
}

# builds: in tree, without a word; the driver itself with W=1, too
builds()
{
	local output

	configure || return
	output=$(make -s -j"$(nproc)" vmlinux modules 2>&1) || { echo "$output"; return 1; }
	[ ! -d $DRIVER ] || {
		[[ -e $DRIVER/vfio-pci-nosnoop.ko && -e $DRIVER/policy_kunit.ko ]] ||
			{ echo "no module"; return 1; }
		touch $DRIVER/*.c
		output+=$(make -s W=1 $DRIVER/ 2>&1) || { echo "$output"; return 1; }
	}
	is "$output" ""
}

selftests_build()
{
	make -s headers && make -s -C $SELFTESTS &&
		[ -x $SELFTESTS/vfio_pci_nosnoop_lifetime_test ]
}

check "pristine source unpacked" unpack
cd /lab/scratch/linux
check "the series is made" make_series
check "the overlay is made" make_overlay
git checkout -q -b applied pristine
check "patches: the core's, driver, selftests, documentation" \
	is "$(cd /lab/out && echo ./*.patch | wc -w)" 5
for patch in /lab/out/0*.patch; do
	name=$(basename "$patch")
	case $name in
	0000-*)
		check "cover letter: filled in" is "$(grep -c 'HERE \*\*\*' "$patch")" 0
		continue
		;;
	*-selftests-*) ignore=COMPLEX_MACRO ;;
	*) ignore=NONE ;;
	esac
	check "$name: checkpatch --strict" checkpatch_is_silent "$patch" "$ignore"
	check "$name: git am" git am -q --whitespace=error "$patch"
	if [ -n "$BUILD" ]; then
		[ -e .config ] || check "configured" config
		check "$name: builds" builds
	fi
done
check "what was applied is what the overlay gives" same_as_overlay
[ -z "$BUILD" ] || check "selftests build" selftests_build
finish
