// SPDX-License-Identifier: GPL-2.0-only
/*
 * The console is the machine's PL011. Files are the host's, by Arm semihosting ("Semihosting for AArch32 and
 * AArch64", release 2.0): they stand for the storage and the USB cable of a real machine.
 */
#include "firmware.h"

#define UART_DATA	0x09000000UL
#define UART_FLAGS	0x09000018UL
#define UART_FULL	0x20

enum { HOST_OPEN = 1, HOST_CLOSE = 2, HOST_WRITE = 5, HOST_READ = 6 };
enum { HOST_OPEN_RB = 1, HOST_OPEN_WB = 5 };

void say(const char *text)
{
	for (; *text; text++) {
		while (get32(UART_FLAGS) & UART_FULL)
			;
		if (*text == '\n')
			put32(UART_DATA, '\r');
		put32(UART_DATA, *text);
	}
}

void say_number(uint64_t value)
{
	char text[24];

	append_number(text, text + sizeof(text), value);
	say(text);
}

void say_hex(uint64_t value)
{
	char text[20];

	append_hex(text, text + sizeof(text), value);
	say(text);
}

void die(const char *what, const char *name)
{
	say("firmware: error: ");
	say(what);
	say(name);
	say("\n");
	power_off();
}

static uint64_t length(const char *text)
{
	uint64_t n = 0;

	while (text[n])
		n++;
	return n;
}

bool file_open(struct file *file, const char *name, bool write)
{
	const uint64_t arguments[] = { (uintptr_t)name, write ? HOST_OPEN_WB : HOST_OPEN_RB, length(name) };

	file->name = name;
	file->handle = host_call(HOST_OPEN, arguments);
	return file->handle >= 0;
}

void file_create(struct file *file, const char *name)
{
	if (!file_open(file, name, true))
		die("cannot create ", name);
}

uint64_t file_read(struct file *file, void *to, uint64_t max)
{
	uint64_t got = 0;

	while (got < max) {
		const uint64_t arguments[] = { file->handle, (uintptr_t)to + got, max - got };
		uint64_t left = host_call(HOST_READ, arguments);

		if (left >= max - got)
			break;
		got = max - left;
	}
	return got;
}

void file_write(struct file *file, const void *from, uint64_t size)
{
	const uint64_t arguments[] = { file->handle, (uintptr_t)from, size };

	if (size && host_call(HOST_WRITE, arguments))
		die("cannot write to ", file->name);
}

void file_close(struct file *file)
{
	const uint64_t arguments[] = { file->handle };

	if (host_call(HOST_CLOSE, arguments))
		die("cannot close ", file->name);
}

bool equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* What doesn't fit is left out; always ends with a NUL. Returns where that is. */
char *append(char *to, const char *end, const char *text)
{
	while (*text && to + 1 < end)
		*to++ = *text++;
	*to = 0;
	return to;
}

char *append_number(char *to, const char *end, uint64_t value)
{
	char digits[24];
	int at = sizeof(digits) - 1;

	digits[at] = 0;
	do {
		digits[--at] = '0' + value % 10;
		value /= 10;
	} while (value);
	return append(to, end, digits + at);
}

char *append_hex(char *to, const char *end, uint64_t value)
{
	char text[20] = "0x";
	int shift = 60, n = 2;

	while (shift && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		text[n++] = "0123456789abcdef"[value >> shift & 15];
	text[n] = 0;
	return append(to, end, text);
}

bool in_file_name(char c)
{
	return c > ' ' && c <= '~' && c != '/';
}

void zero(void *at, uint64_t size)
{
	for (volatile char *p = at; size; size--)
		*p++ = 0;
}
