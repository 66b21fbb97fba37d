// SPDX-License-Identifier: GPL-2.0-only
#include "dump/collect/kernel-view.h"
#include "dump/core/page.h"

/* From the kernel's first symbol on: more than any kernel has. */
#define IMAGE_MAX (256 * MIB)

void kernel_view_open(struct corefile *view, const struct image *img, const struct kmap *k, const struct kv *vmcoreinfo)
{
	uint64_t start = page_down(k->image_start), first = start - k->image_offset;

	*view = (struct corefile){ .fd = img->fd,
				   .read = image_read_by,
				   .read_arg = (void *)img,
				   .path = img->path,
				   .vmcoreinfo = *vmcoreinfo };
	view->elf.machine = k->machine;
	for (size_t i = 0; k->has_image && !image_has_pieces(img) && i < img->phys.n; i++) {
		const struct range *r = &img->phys.v[i];
		uint64_t skip = first > r->start ? first - r->start : 0, size;

		if (skip >= r->size || r->start + skip - first >= IMAGE_MAX)
			continue;
		size = IMAGE_MAX - (r->start + skip - first);
		if (size > r->size - skip)
			size = r->size - skip;
		rangemap_add(&view->virt, r->start + skip + k->image_offset, size, r->offset + skip);
	}
	rangemap_finish(&view->virt);
}

void kernel_view_close(struct corefile *view)
{
	rangemap_clear(&view->virt);
}
