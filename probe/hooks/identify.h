// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// identify: no hook but a question of user space: which file is this descriptor of mine? Asked about the
// paths that rules name, so that a file is known under any other name (src/capture/file_identity.h).
#include "lib/descriptor.h"

SEC("syscall")
int identify(struct saker_identity *asked)
{
	struct file *file = file_of(current_task(), asked->fd);
	struct inode *inode;

	if (!file)
		return 0;
	inode = READ(file, f_inode);
	asked->dev = device_of(inode);
	asked->ino = READ(inode, i_ino);
	return 0;
}
