/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * descriptor.h: what a descriptor of the task stands for, read from the kernel's own objects.
 */
#ifndef SAKER_DESCRIPTOR_H
#define SAKER_DESCRIPTOR_H

#include "lib/inode.h"
#include "lib/path.h"

#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_IFSOCK 0140000
#define S_IFIFO 0010000
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define FMODE_CREATED 0x100000
#define UNIX_PATH_BYTES_MAX 108

static __always_inline struct file *file_of(struct task_struct *task, __s64 fd)
{
	struct files_struct *files = READ(task, files);
	struct fdtable *table;
	__u64 address;

	if (!files || fd < 0)
		return NULL;
	table = READ(files, fdt);
	if (fd >= READ(table, max_fds))
		return NULL;
	address = read_word((void *)((__u64)READ(table, fd) + 8 * (__u64)fd));
	return address ? TYPED(struct file, address) : NULL;
}

static __always_inline __u32 file_flags_of(struct file *file, struct inode *inode)
{
	enum layer layer = layer_of(inode);
	__u32 flags = 0;

	if (READ(file, f_mode) & FMODE_CREATED)
		flags |= SAKER_FILE_CREATED;
	if (layer == LAYER_UPPER)
		flags |= SAKER_FILE_UPPER_LAYER;
	if (layer == LAYER_LOWER)
		flags |= SAKER_FILE_LOWER_LAYER;
	return flags;
}

static __always_inline void fill_inet(struct saker_descriptor *out, struct sock *sk)
{
	struct inet_sock *inet = TYPED(struct inet_sock, sk);

	out->local_port = READ(sk, __sk_common.skc_num);
	out->remote_port = bpf_ntohs(READ(sk, __sk_common.skc_dport));
	if (out->family == AF_INET) {
		/* What it sends from: set for a connected socket even when it listens to any address. */
		__be32 local = READ(inet, inet_saddr);
		__be32 remote = READ(sk, __sk_common.skc_daddr);

		__builtin_memcpy(out->local, &local, sizeof(local));
		__builtin_memcpy(out->remote, &remote, sizeof(remote));
	} else {
		bpf_core_read(out->local, sizeof(out->local), &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(out->remote, sizeof(out->remote), &sk->__sk_common.skc_v6_daddr);
	}
}

/* The path that a unix socket or its peer is bound to; of an unbound pair there is none. */
static __always_inline void add_unix_name(struct scratch *s, struct sock *sk)
{
	struct unix_sock *own = TYPED(struct unix_sock, sk);
	struct unix_address *address = READ(own, addr);
	struct sock *peer = READ(own, peer);
	__u32 length;

	if (!address && peer) {
		struct unix_sock *other = TYPED(struct unix_sock, peer);

		address = READ(other, addr);
	}
	if (!address)
		return;
	address = TYPED(struct unix_address, address);
	length = READ(address, len);
	if (length <= sizeof(__u16))
		return;
	length -= sizeof(__u16);
	if (length > UNIX_PATH_BYTES_MAX)
		length = UNIX_PATH_BYTES_MAX;
	if (bpf_core_read(begin_part(s), length, &address->name[0].sun_path))
		return;
	end_part(s, SAKER_PART_DESCRIPTOR_NAME, 0, length);
}

static __always_inline struct sock *sock_of(struct file *file)
{
	struct socket *socket = TYPED(struct socket, READ(file, private_data));
	struct sock *sk = READ(socket, sk);

	return sk ? TYPED(struct sock, sk) : NULL;
}

static __always_inline void fill_socket(struct saker_descriptor *out, struct sock *sk)
{
	out->family = READ(sk, __sk_common.skc_family);
	out->type = READ(sk, sk_type);
	out->protocol = READ(sk, sk_protocol);
	out->state = READ(sk, __sk_common.skc_state);
	out->queue = READ(sk, sk_ack_backlog);
	out->queue_max = READ(sk, sk_max_ack_backlog);
	if (out->family == AF_INET || out->family == AF_INET6)
		fill_inet(out, sk);
	if (out->family == AF_UNIX) {
		struct unix_sock *own = TYPED(struct unix_sock, sk);

		out->own_address = (__u64)sk;
		out->peer_address = (__u64)READ(own, peer);
	}
}

/* Adds what the file in `s->file` is, under the number `fd`. */
__noinline int add_open_file(__s32 fd, __u32 argument)
{
	struct scratch *s = my_scratch();
	struct file *file;
	struct saker_descriptor *out;
	struct super_block *sb;
	struct inode *inode;
	struct sock *sk;
	__u32 format;

	if (!s || !s->file)
		return 0;
	file = TYPED(struct file, s->file);
	inode = READ(file, f_inode);
	sb = READ(inode, i_sb);
	s->argument = argument;
	out = begin_part(s);
	__builtin_memset(out, 0, sizeof(*out));
	out->fd = fd;
	out->ino = READ(inode, i_ino);
	out->dev = device_of(inode);
	out->inode_mode = READ(inode, i_mode);
	out->magic = READ(sb, s_magic);
	format = out->inode_mode & S_IFMT;
	if (format == S_IFSOCK) {
		out->kind = SAKER_DESCRIPTOR_SOCKET;
		sk = sock_of(file);
		if (sk)
			fill_socket(out, sk);
		end_part(s, SAKER_PART_DESCRIPTOR, 0, sizeof(*out));
		if (sk && out->family == AF_UNIX)
			add_unix_name(s, sk);
		return 0;
	}
	out->kind = format == S_IFIFO ? SAKER_DESCRIPTOR_PIPE : SAKER_DESCRIPTOR_FILE;
	out->file_flags = file_flags_of(file, inode);
	end_part(s, SAKER_PART_DESCRIPTOR, 0, sizeof(*out));
	add_path(s, READ(file, f_path.dentry), READ(file, f_path.mnt), SAKER_PART_DESCRIPTOR_NAME);
	return 0;
}

/* Adds what `fd` stands for as parts of argument `argument`; nothing for a descriptor that is not open. */
static __always_inline void add_descriptor(struct scratch *s, __s32 fd, __u32 argument)
{
	s->file = (__u64)file_of(current_task(), fd);
	add_open_file(fd, argument);
}

#endif /* SAKER_DESCRIPTOR_H */
