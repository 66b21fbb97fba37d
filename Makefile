# SPDX-License-Identifier: GPL-2.0-only
# One non-recursive makefile; `make help` lists the targets. The folders' fragments only set variables.

# ARCH=arm64 builds for that, elsewhere than on it, with the libraries of SYSROOT; modules take their KDIR's.
ifeq ($(ARCH),arm64)
B := build/arm64
SYSROOT ?= $(CURDIR)/build/vm/sysroot-arm64
CC := aarch64-linux-gnu-gcc --sysroot=$(SYSROOT)
PKG_CONFIG := env PKG_CONFIG_SYSROOT_DIR=$(SYSROOT) \
	PKG_CONFIG_LIBDIR=$(SYSROOT)/usr/lib/aarch64-linux-gnu/pkgconfig:$(SYSROOT)/usr/share/pkgconfig pkg-config
BPF_ARCH := arm64
else
B := build
endif
# Modules have a folder for each release.
M := build
PREFIX ?= /usr
DESTDIR ?=
VERSION := 0.1

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
RST2MAN ?= rst2man
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g

# make V=1 shows the commands themselves.
say = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@printf '  %-8s %s\n' $(1) $@ && )

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
all:

FOLDERS := lib daemon daemon/policy daemon/ctl daemon/source daemon/table \
	dump dump/core dump/image dump/collect dump/log dump/stack dump/cause dump/trace dump/report \
	dump/redact
include $(addsuffix /files.mk,$(FOLDERS))

# Flags

LIBS_qcmdd := libsystemd libbpf libmnl json-c zlib
LIBS_qcmdump := libelf json-c libtraceevent zlib libzstd libkdumpfile
LIBS_qcmdctl := $(LIBS_qcmdump) libsystemd libmnl
LIBS_qcmd-collect := $(LIBS_qcmdump) libsystemd
PKGS := $(sort $(LIBS_qcmdd) $(LIBS_qcmdctl) $(LIBS_qcmdump))

# A header of ours is named by its path from here.
INCLUDES := -iquote . -Iinclude/uapi -Iinclude -I$(B)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wno-unused-parameter -Werror
# Asked once, and not before $(SYSROOT) is there; each by itself, as qcmdump is built without those of the others.
pkg_cflags = $(eval pkg_cflags := $(foreach package,$(PKGS),$(call cflags_of,$(package))))$(pkg_cflags)
cflags_of = $(shell $(PKG_CONFIG) --cflags $(1) 2>/dev/null)
pkg_libs = $(shell $(PKG_CONFIG) --libs $(1))
COMPILE_FLAGS = -std=gnu11 -D_GNU_SOURCE -DQCMD_VERSION='"$(VERSION)"' $(WARNINGS) $(INCLUDES) $(pkg_cflags) -MMD -MP
LINK_FLAGS := -Wl,--as-needed

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

# Each library is made of whole folders.
QCMDD_SRCS := $(DAEMON_SRCS) $(SOURCE_SRCS)
QCMDUMP_SRCS := $(foreach folder,CORE IMAGE COLLECT LOG STACK CAUSE TRACE REPORT REDACT COMMAND,$(DUMP_$(folder)_SRCS))
BPF_SRCS := $(wildcard bpf/*.bpf.c)
SKELETONS := $(BPF_SRCS:bpf/%.bpf.c=$(B)/bpf/%.skel.h)
PROGRAMS := $(B)/qcmdd $(B)/qcmdctl $(B)/qcmdump $(B)/qcmd-collect

# Packages: checked before the first compilation, so that what is missing is named and not guessed from errors.

ifeq ($(ARCH),arm64)
$(SYSROOT): tests/vm/sysroot
	@tests/vm/sysroot $(ARCH) $@
endif

$(addprefix $(M)/deps/,reader build unit): $(M)/deps/%: tests/packages tests/deps
	@tests/deps $*
	@mkdir -p $(@D) && touch $@

# Objects come in three flavours: plain for the programs, san (ASan and UBSan) for the tests, fuzz for the fuzzers.

define compile # compiler, flags
@mkdir -p $(@D)
$(call say,CC)$(1) $(CFLAGS) $(2) $(COMPILE_FLAGS) -c -o $@ $<
endef

# What reads dumps needs no BPF; what looks into the running kernel does.
define flavour # name, compiler, flags
$(B)/$(1)/%.o: %.c | $(M)/deps/build $(SYSROOT)
	$$(call compile,$(2),$(3))
$(B)/$(1)/lib/%.o: lib/%.c | $(M)/deps/reader $(SYSROOT)
	$$(call compile,$(2),$(3))
$(B)/$(1)/dump/%.o: dump/%.c | $(M)/deps/reader $(SYSROOT)
	$$(call compile,$(2),$(3))
$(QCMDD_SRCS:%.c=$(B)/$(1)/%.o): | $(SKELETONS)

$(B)/$(1)/dump/report/report-page.o: $(addprefix dump/report/report.,html css js)
$(B)/$(1)/libqcmd.a: $(LIB_SRCS:%.c=$(B)/$(1)/%.o)
$(B)/$(1)/libpolicy.a: $(POLICY_SRCS:%.c=$(B)/$(1)/%.o)
$(B)/$(1)/libctl.a: $(CTL_SRCS:%.c=$(B)/$(1)/%.o)
$(B)/$(1)/libtable.a: $(TABLE_SRCS:%.c=$(B)/$(1)/%.o) $(LIB_DAEMON_SRCS:%.c=$(B)/$(1)/%.o)
$(B)/$(1)/libqcmdd.a: $(QCMDD_SRCS:%.c=$(B)/$(1)/%.o)
$(B)/$(1)/libqcmdump.a: $(QCMDUMP_SRCS:%.c=$(B)/$(1)/%.o)
$(B)/$(1)/lib%.a:
	@mkdir -p $$(@D) && rm -f $$@
	$$(call say,AR)$$(AR) rcs $$@ $$^
endef
$(eval $(call flavour,obj,$$(CC),))
$(eval $(call flavour,san,$$(CC),$$(SANITIZE)))
$(eval $(call flavour,fuzz,$$(CLANG),$$(FUZZ)))

$(B)/qcmdd: $(B)/obj/daemon/qcmdd.o $(addprefix $(B)/obj/,libqcmdd.a libtable.a libpolicy.a libqcmd.a)
$(B)/qcmdctl: $(B)/obj/daemon/ctl/qcmdctl.o \
	$(addprefix $(B)/obj/,libctl.a libtable.a libpolicy.a libqcmdump.a libqcmd.a)
$(B)/qcmdump: $(B)/obj/dump/qcmdump.o $(addprefix $(B)/obj/,libqcmdump.a libqcmd.a)
$(B)/qcmd-collect: $(B)/obj/dump/qcmd-collect.o $(addprefix $(B)/obj/,libqcmdump.a libqcmd.a)
$(PROGRAMS):
	$(call say,LINK)$(CC) $(CFLAGS) $(LINK_FLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(LIBS_$(@F)))

# BPF

BPF_ARCH ?= $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
BPF_FLAGS = -O2 -g -target bpf -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Wextra -Wno-unused-parameter -Werror \
	-Iinclude/uapi -Iinclude \
	$(addprefix -isystem $(SYSROOT)/usr/include/,$(shell $(CC) -print-multiarch))

$(B)/bpf/%.bpf.o: bpf/%.bpf.c | $(M)/deps/build $(SYSROOT)
	@mkdir -p $(@D)
	$(call say,BPF)$(CLANG) $(BPF_FLAGS) -MMD -MP -c -o $@ $<

# Where members of the kernel's structures are, the kernel itself finds out for what is loaded by a light skeleton. For
# any other, libbpf would read all of the kernel's types again, each time.
$(addprefix $(B)/bpf/,ftrace.skel.h ksyms.skel.h map.skel.h task.skel.h): SKEL_FLAGS := -L
$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o Makefile
	$(call say,SKEL)$(BPFTOOL) gen skeleton $(SKEL_FLAGS) $< > $@

# Modules: for the headers in KDIR, or those of the running kernel, or the newest that are installed. Kbuild writes
# its products beside its sources, so it gets a folder of links. It would not see that symbols of another folder have
# changed: without Module.symvers it looks at them again.

INSTALLED_KDIRS := $(wildcard /lib/modules/*/build)
ifndef KDIR
KDIR := $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	$(if $(INSTALLED_KDIRS),$(shell printf '%s\n' $(INSTALLED_KDIRS) | sort -rV)))
endif
UTSRELEASE := $(KDIR)/include/generated/utsrelease.h
RELEASE := $(if $(KDIR),$(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' $(UTSRELEASE) 2>/dev/null))
KMOD_SRCS := $(wildcard kmod/*.[ch] kmod/Kbuild include/*.h include/*/*.h include/*/*/*.h)
SAMPLE_SRCS := $(wildcard kmod/samples/*)
VM_KMOD_SRCS := $(wildcard tests/vm/kmod/*)
KBUILD_VARS = KCFLAGS=-Werror QCMD_VERSION=$(VERSION)

define kbuild # folder of sources, folder of products, variables
@mkdir -p $(2)/obj
@cp -rsfT $(CURDIR)/include $(2)/obj/include
@cp -rsfT $(CURDIR)/$(1) $(2)/obj/$(notdir $(1))
@find $(2)/obj -xtype l -delete
@rm -f $(2)/obj/$(notdir $(1))/Module.symvers
+$(call say,KBUILD)$(MAKE) -s -C $(KDIR) M=$(abspath $(2))/obj/$(notdir $(1)) $(KBUILD_VARS) $(3) modules
@cp $(2)/obj/$(notdir $(1))/*.ko $(2)/
@touch $@
endef

$(M)/kmod/$(RELEASE)/built: $(KMOD_SRCS) $(UTSRELEASE) Makefile
	$(call kbuild,kmod,$(@D))

KMOD_SYMBOLS := KBUILD_EXTRA_SYMBOLS=$(abspath $(M)/kmod/$(RELEASE))/obj/kmod/Module.symvers

$(M)/samples/$(RELEASE)/built: $(SAMPLE_SRCS) $(UTSRELEASE) $(M)/kmod/$(RELEASE)/built
	$(call kbuild,kmod/samples,$(@D),$(KMOD_SYMBOLS))

# Guests get the sample, too.
$(M)/vm/kmod/$(RELEASE)/built: $(VM_KMOD_SRCS) $(UTSRELEASE) $(M)/samples/$(RELEASE)/built
	$(call kbuild,tests/vm/kmod,$(@D),$(KMOD_SYMBOLS) QCMD_KMOD=$(CURDIR)/kmod)
	@cp $(M)/samples/$(RELEASE)/*.ko $(@D)/

.PHONY: sparse
sparse: modules
	$(MAKE) -s -C $(KDIR) M=$(abspath $(M)/kmod/$(RELEASE)/obj/kmod) $(KBUILD_VARS) C=2 CF=-Wsparse-error modules

.PHONY: all programs modules samples vm-kmod
all: programs $(if $(RELEASE),modules,no-headers)
programs: $(PROGRAMS)

ifneq ($(RELEASE),)
modules: $(M)/kmod/$(RELEASE)/built
samples: $(M)/samples/$(RELEASE)/built
vm-kmod: $(M)/vm/kmod/$(RELEASE)/built
else
modules samples vm-kmod:
	@echo "No kernel headers$(if $(KDIR), in $(KDIR)): name them with KDIR=/usr/src/linux-headers-RELEASE," >&2
	@echo "or install them with: apt-get install linux-headers-$(shell uname -r)" >&2
	@false
endif

.PHONY: no-headers
no-headers:
	@echo "No kernel headers found: the modules are not built." >&2
	@echo "Install them with: apt-get install linux-headers-$(shell uname -r)" >&2

# Emulated boot firmware for the arm64 machine of tests/vm

FIRMWARE_SRCS := $(wildcard tests/firmware/*.S tests/firmware/*.c)
FIRMWARE_FLAGS := -std=gnu11 -O2 $(WARNINGS) -ffreestanding -fno-builtin -fno-pic -no-pie -fno-stack-protector \
	-mgeneral-regs-only -mno-outline-atomics -mstrict-align -nostdlib -Wl,--build-id=none

.PHONY: firmware
firmware: $(M)/firmware/firmware.bin
$(M)/firmware/firmware.elf: $(FIRMWARE_SRCS) tests/firmware/firmware.h tests/firmware/firmware.lds
	@mkdir -p $(@D)
	$(call say,CC)aarch64-linux-gnu-gcc $(FIRMWARE_FLAGS) -T tests/firmware/firmware.lds -o $@ $(FIRMWARE_SRCS)
$(M)/firmware/firmware.bin: $(M)/firmware/firmware.elf
	$(call say,OBJCOPY)aarch64-linux-gnu-objcopy -O binary -j .text $< $@

# Man pages

MAN_PAGES := $(patsubst docs/man/%.rst,$(B)/man/%,$(wildcard docs/man/*.rst))
.PHONY: man
man: $(MAN_PAGES)
all: man
$(B)/man/%: docs/man/%.rst | $(M)/deps/build
	@mkdir -p $(@D)
	$(call say,MAN)$(RST2MAN) --exit-status=2 $< $@

# Tests

UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test-*.c))
REPLAYS := $(patsubst tests/fuzz/fuzz-%.c,$(B)/tests/fuzz/replay-%,$(wildcard tests/fuzz/fuzz-*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz-*.c))
san_libs := $(addprefix $(B)/san/,libqcmdd.a libctl.a libtable.a libpolicy.a libqcmdump.a libqcmd.a)
fuzz_libs := $(addprefix $(B)/fuzz/,libqcmdd.a libctl.a libtable.a libpolicy.a libqcmdump.a libqcmd.a)

$(UNIT_TESTS): $(B)/tests/unit/%: $(B)/san/tests/unit/%.o $(san_libs) | $(M)/deps/unit
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(CFLAGS) $(SANITIZE) $(LINK_FLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,cmocka $(PKGS))

$(B)/tests/print-note: $(B)/san/tests/print-note.o $(addprefix $(B)/san/,libqcmdd.a libtable.a libpolicy.a libqcmd.a)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(CFLAGS) $(SANITIZE) $(LINK_FLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(LIBS_qcmdd))

$(REPLAYS): $(B)/tests/fuzz/replay-%: $(B)/san/tests/fuzz/fuzz-%.o $(B)/san/tests/fuzz/replay.o $(san_libs)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(CFLAGS) $(SANITIZE) $(LINK_FLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(PKGS))

# All of qcmdump in one program, and what the tests make dumps with
$(B)/tests/fuzz/qcmdump.o: $(B)/san/dump/qcmdump.o
	@mkdir -p $(@D)
	$(call say,OBJCOPY)objcopy --redefine-sym main=qcmdump_main $< $@

$(B)/tests/fuzz/mutate-dump: $(addprefix $(B)/san/tests/,fuzz/mutate-dump.o fuzz/samples.o unit/dump-image.o \
		unit/dump-firmware.o unit/dump-kdump.o unit/dump-trace.o) $(B)/tests/fuzz/qcmdump.o $(san_libs)
	$(call say,LINK)$(CC) $(CFLAGS) $(SANITIZE) $(LINK_FLAGS) $(LDFLAGS) -o $@ $^ $(call pkg_libs,$(PKGS))

$(FUZZERS): $(B)/fuzz/%: $(B)/fuzz/tests/fuzz/%.o $(fuzz_libs)
	$(call say,LINK)$(CLANG) $(CFLAGS) $(FUZZ) -fsanitize=fuzzer $(LINK_FLAGS) -o $@ $^ $(call pkg_libs,$(PKGS))

$(B)/tests/mdnl: tests/netlink/mdnl.c | $(M)/deps/build $(SYSROOT)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CFLAGS) $(COMPILE_FLAGS) -o $@ $< $(call pkg_libs,libmnl)

# Programs that tests run in guests
VM_PROGRAMS := $(patsubst tests/vm/%.c,$(B)/tests/%,$(wildcard tests/vm/*.c))
$(VM_PROGRAMS): $(B)/tests/%: tests/vm/%.c | $(M)/deps/build $(SYSROOT)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CFLAGS) $(COMPILE_FLAGS) -o $@ $< $(call pkg_libs,libbpf)

# Benchmarks: programs for guests. `make bench` runs them.

$(B)/bpf/%.bpf.o: tests/bench/%.bpf.c | $(M)/deps/build $(SYSROOT)
	@mkdir -p $(@D)
	$(call say,BPF)$(CLANG) $(BPF_FLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/bench/empty-switch: $(B)/bpf/empty-switch.skel.h
$(B)/tests/bench/%: tests/bench/%.c | $(M)/deps/build $(SYSROOT)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CFLAGS) $(COMPILE_FLAGS) $(LINK_FLAGS) -o $@ $< $(call pkg_libs,libbpf libmnl)

# A plugin for QEMU. `make bench-sections` runs it.
$(B)/tests/bench/%.so: tests/bench/%.c | $(M)/deps/build
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CFLAGS) -std=gnu11 $(WARNINGS) -fPIC -shared -fvisibility=hidden -o $@ $<

# What tests need besides the libraries: memory images that they build themselves, a table of their own, the programs.
QCMDUMP_TESTS := $(filter $(B)/tests/unit/test-dump-%,$(UNIT_TESTS))
$(QCMDUMP_TESTS): $(addprefix $(B)/san/tests/unit/,dump-image.o dump-firmware.o dump-kdump.o dump-trace.o)
$(B)/tests/unit/test-reconcile $(B)/tests/unit/test-limit: $(B)/san/tests/unit/fake-module.o
$(B)/tests/unit/test-ctl-cli $(B)/tests/unit/test-ctl-bus: | $(B)/qcmdctl
$(B)/tests/unit/test-dump-cli $(B)/tests/unit/test-dump-blobs: | $(B)/qcmdump
$(B)/tests/unit/test-dump-store: | $(B)/qcmd-collect $(B)/qcmdctl $(B)/qcmdump
$(B)/tests/unit/test-manager: | $(B)/qcmdd

.PHONY: tests fuzz fuzz-dump check check-all check-debug debug-kernel demo style
.PHONY: bench bench-sections instant reboot-runs storm storm-rt
tests: $(UNIT_TESTS) $(REPLAYS) $(B)/tests/fuzz/mutate-dump $(B)/tests/print-note $(B)/tests/mdnl $(VM_PROGRAMS) \
	$(B)/tests/bench/switch-rate
fuzz: $(FUZZERS)

fuzz-dump: $(B)/tests/fuzz/mutate-dump
	$< -n $(N) $(abspath $(DUMPS))

check:
	@tests/deps --install build vm arm64 check
	@tests/run

check-all:
	@tests/deps --install build vm arm64 check tools
	@tests/run --all

debug-kernel:
	@tests/deps --install vm debug-kernel
	@tests/vm/headers bookworm debug rt-debug

check-debug: debug-kernel
	@tests/deps --install build vm check
	@tests/run --debug

demo:
	@tests/demo

N ?= 1000
instant:
	@tests/deps --install build vm $(if $(filter x86_64,$(ARCH)),,arm64)
	@INSTANTS=$(N) ARCHES='$(or $(ARCH),x86_64 arm64)' tests/vm/test-instant.sh

reboot-runs: N = 100
reboot-runs:
	@tests/deps --install build vm
	@QCMD_KERNEL=$(or $(KERNEL),6.12) CRASHES=$(N) tests/vm/test-reboot.sh

bench:
	@tests/deps --install build vm
	@tests/bench/run

bench-sections:
	@tests/deps --install build vm
	@tests/bench/sections $(KERNEL)

# N: how many processes; `make check` has a smaller storm.
storm:
	@tests/deps --install build vm
	@$(MAKE) --no-print-directory -s $(B)/tests/mdnl $(B)/tests/fork-storm
	@PROCESSES=$(or $(N),100000) tests/vm/test-task.sh

storm-rt:
	@tests/deps --install build vm
	@tests/make $(B)/tests/mdnl $(B)/tests/fork-storm
	@STORM=$$(($(or $(MINUTES),20) * 60)) QCMD_KERNEL=$(or $(KERNEL),rt) tests/vm/test-storm.sh

style:
	@tests/check-style.sh

# Installation. On the machine itself (no DESTDIR) it ends with what a package's scripts would do.

INSTALL_DATA := install -D -m 644
bindir := $(DESTDIR)$(PREFIX)/bin
libdir := $(DESTDIR)$(PREFIX)/lib
datadir := $(DESTDIR)$(PREFIX)/share

.PHONY: install install-modules
install: all $(if $(RELEASE),install-modules)
	install -D -m 755 $(B)/qcmdd $(B)/qcmd-collect systemd/qcmd-backend systemd/qcmd-tracefs -t $(libdir)/qcmd
	install -D -m 755 $(B)/qcmdctl $(B)/qcmdump -t $(bindir)
	install -d $(DESTDIR)/etc/qcmd.d $(libdir)/systemd/system
	for unit in qcmdd.service qcmd-backend.service qcmd-keep.service qcmd-collect.service \
		qcmdump-watch@.service; do \
		sed 's,/usr/lib/qcmd/,$(PREFIX)/lib/qcmd/,; s,/usr/bin/qcmdump,$(PREFIX)/bin/qcmdump,' systemd/$$unit \
			>$(libdir)/systemd/system/$$unit || exit; \
	done
	$(INSTALL_DATA) systemd/kdump-tools-dump.service.d.conf \
		$(libdir)/systemd/system/kdump-tools-dump.service.d/qcmd.conf
	install -d $(DESTDIR)/usr/share/initramfs-tools/hooks $(DESTDIR)/usr/share/initramfs-tools/scripts/init-top
	for file in hook:hooks script:scripts/init-top; do \
		to=$(DESTDIR)/usr/share/initramfs-tools/$${file#*:}/qcmd; \
		sed 's,/usr/lib/qcmd,$(PREFIX)/lib/qcmd,g' systemd/initramfs-tools/$${file%:*} >$$to && \
			chmod 755 $$to || exit; \
	done
	$(INSTALL_DATA) systemd/qcmd.catalog -t $(libdir)/systemd/catalog
	[ -e $(DESTDIR)/etc/qcmd/collect.conf ] || $(INSTALL_DATA) systemd/collect.conf -t $(DESTDIR)/etc/qcmd
	$(INSTALL_DATA) systemd/org.qcmd1.conf -t $(datadir)/dbus-1/system.d
	$(INSTALL_DATA) systemd/org.qcmd1.policy -t $(datadir)/polkit-1/actions
	$(INSTALL_DATA) systemd/dbus-org.qcmd1.service $(datadir)/dbus-1/system-services/org.qcmd1.service
	$(INSTALL_DATA) systemd/sysusers.d/*.conf -t $(libdir)/sysusers.d
	$(INSTALL_DATA) systemd/tmpfiles.d/*.conf -t $(libdir)/tmpfiles.d
	$(INSTALL_DATA) systemd/qcmd.d/*.conf -t $(libdir)/qcmd.d
	for file in $(wildcard docs/completion/*); do \
		$(INSTALL_DATA) $$file -t $(datadir)/bash-completion/completions || exit; \
	done
	for page in $(MAN_PAGES); do $(INSTALL_DATA) $$page -t $(datadir)/man/man$${page##*.} || exit; done
ifeq ($(DESTDIR),)
	if [ -d /run/systemd/system ]; then \
		systemd-sysusers && systemd-tmpfiles --create qcmd.conf && journalctl --update-catalog && \
			systemctl daemon-reload; \
	fi
endif

install-modules: modules
	for dir in $(M)/kmod/*/built; do \
		dir=$${dir%/built}; $(INSTALL_DATA) $$dir/*.ko -t $(DESTDIR)/lib/modules/$${dir##*/}/updates || exit; \
		[ -n '$(DESTDIR)' ] || depmod $${dir##*/} || exit; \
	done

.PHONY: clean distclean help
clean:
	rm -rf $(filter-out $(B)/vm $(B)/fresh,$(wildcard $(B)/*)) $(B)/vm/kmod $(B)/vm/console

distclean:
	rm -rf $(B)

help:
	@echo 'make                programs (and modules, if there are kernel headers) into $(B)/'
	@echo 'make modules        the modules alone; KDIR=/usr/src/linux-headers-RELEASE for another kernel'
	@echo 'make samples        a sample driver that has its memory saved, docs/kernel-api.md'
	@echo 'make ARCH=arm64     the programs for arm64, on another machine, into build/arm64/'
	@echo 'make firmware       the emulated boot firmware of the arm64 guests'
	@echo 'make install        into $(PREFIX) and /lib/modules; DESTDIR= and PREFIX= as usual'
	@echo 'make demo           from nothing to the dump of a crashed guest, installs missing packages (root)'
	@echo 'make demo KERNEL=7.3   with another kernel of Debian than 6.12'
	@echo 'make demo ARCH=arm64 BACKEND=smem   the same with emulated boot firmware that collects'
	@echo 'make check          the tests, installs missing packages (root); tests/run runs some of them'
	@echo 'make check-all      each of them with each kernel, with 600 MB of debug symbols for what reads dumps'
	@echo 'make debug-kernel   kernels for guests that check themselves, with PREEMPT_RT and without; an hour'
	@echo 'make check-debug    the tests in guests with these'
	@echo 'make instant        the table at N=1000 instants of a machine that churns; ARCH=x86_64, arm64: one alone'
	@echo 'make reboot-runs N=100  that many panics of a guest: the next kernel has the dump; KERNEL=rt: there'
	@echo 'make bench          what it all costs, as ratios (docs/bench.md); installs missing packages (root)'
	@echo 'make bench-sections for how many instructions interrupts are off (docs/bench.md); KERNEL=rt: there'
	@echo 'make storm N=100000  that many processes come and go in a guest: what the daemon does about it'
	@echo 'make storm-rt MINUTES=20  everything at once on PREEMPT_RT; KERNEL=rt-debug: on another kernel'
	@echo 'make style          formatting and static checks'
	@echo 'make fuzz           fuzzers for clang, into $(B)/fuzz/'
	@echo 'make fuzz-dump      qcmdump looks at damaged dumps: N=100000 of them, made of DUMPS=FILES too'
	@echo 'make clean          removes all but what $(B)/vm/ and $(B)/fresh/ cache; make distclean: all'

-include $(shell find $(B)/obj $(B)/san $(B)/fuzz $(B)/bpf -name '*.d' 2>/dev/null)
