/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
 *
 * details.h: what few rules ask of a task and what costs more than a few loads: told only while some rule asks
 * (`task_details`), after the parts that every record of its type has.
 */
#ifndef SAKER_DETAILS_H
#define SAKER_DETAILS_H

#include "lib/cgroup.h"
#include "lib/descriptor.h"
#include "lib/task.h"

/* Details begin no later, so that an exec's arguments still have their room after them. */
#define DETAILS_BEGIN_MAX (16 * 1024)
#define CPUS_MAX 256
#define SUBSYSTEMS_MAX 16
#define FD_WORDS_MAX 256 /* 16,384 descriptors; of more, it is not told how many */

const volatile bool exact_memory = true;

/* A CPU's own copy of what lies at `base`, as the kernel names what each CPU has its own of. All such copies are as far from
 * their names, so the distance can be seen at any of them: here at a map of ours. (Kernels without typed reads keep
 * nothing that is asked for here in that way.) */
static __always_inline __u64 copy_of_cpu(__u64 base, __u32 cpu)
{
#if SAKER_TYPED_READS
	const void *map = TYPED(struct bpf_array, &counters);
	const void *name = (const void *)read_word(map + bpf_core_field_offset(struct bpf_array, pptrs));
	__u32 zero = 0;
	const void *copy = bpf_map_lookup_percpu_elem(&counters, &zero, cpu);
	__u64 distance;

	if (!copy)
		return 0;
	/* The difference of two pointers is a number to the verifier; of a pointer and a number it would not have it. */
	distance = (__u64)copy - (__u64)TYPED(struct timespec64, name);
	asm volatile("" : "+r"(distance));
	return base + distance;
#else
	return 0;
#endif
}

/* The exact sum of a counter: what each CPU keeps for itself is added up, where the kernel says where that is. */
static __always_inline __s64 sum_of(__u64 address)
{
	struct percpu_counter *counter = TYPED(struct percpu_counter, address);
	__s64 sum = READ(counter, count);
	__u64 base = read_word((void *)address + bpf_core_field_offset(struct percpu_counter, counters));
	__u32 cpu;

	if (!base || !exact_memory)
		return sum;
	for (cpu = 0; cpu < CPUS_MAX && cpu < possible_cpus; cpu++) {
		__u64 copy = copy_of_cpu(base, cpu);
		__s32 part = 0;

		if (copy)
			bpf_probe_read_kernel(&part, sizeof(part), (void *)copy);
		sum += part;
	}
	return sum;
}

/* Pages of one kind; 8 TiB of them at most. */
__noinline int pages_of(__u32 kind)
{
	struct task_struct *task = current_task();
	struct mm_struct *mm = READ(task, mm);
	__s64 pages = 0;

	if (!mm || kind >= NR_MM_COUNTERS)
		return 0;
	if (bpf_core_type_exists(struct mm_rss_stat))
		bpf_probe_read_kernel(&pages, sizeof(pages),
				      (void *)mm + bpf_core_field_offset(struct mm_struct___before_6_2, rss_stat) +
					      8 * kind);
	else
		pages = sum_of((__u64)mm + bpf_core_field_offset(struct mm_struct, rss_stat) +
			       kind * bpf_core_type_size(struct percpu_counter));
	return pages > 0 && pages < 0x7fffffff ? pages : 0;
}

static __always_inline __u32 count_bits(__u64 word)
{
	word -= word >> 1 & 0x5555555555555555ULL;
	word = (word & 0x3333333333333333ULL) + (word >> 2 & 0x3333333333333333ULL);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return word * 0x0101010101010101ULL >> 56;
}

__noinline int bits_set_at(__u64 address)
{
	__u64 word = 0;

	bpf_probe_read_kernel(&word, sizeof(word), (void *)address);
	return count_bits(word);
}

__noinline int open_descriptors(void)
{
	struct task_struct *task = current_task();
	struct files_struct *files = READ(task, files);
	struct fdtable *table;
	__u64 bits_at = 0;
	__u32 words, i, open = 0;

	if (!files)
		return 0;
	table = READ(files, fdt);
	bpf_core_read(&bits_at, sizeof(bits_at), &table->open_fds); /* as a number, which a function takes */
	words = (READ(table, max_fds) + 63) / 64;
	if (words > FD_WORDS_MAX)
		return -1;
	for (i = 0; i < FD_WORDS_MAX && i < words; i++)
		open += bits_set_at(bits_at + 8 * i);
	return open;
}

__noinline int add_usage(void)
{
	struct task_struct *task = current_task();
	struct signal_struct *signal = READ(task, signal);
	struct mm_struct *mm = READ(task, mm);
	struct scratch *s = my_scratch();
	struct saker_usage *usage;

	if (!s || s->used > DETAILS_BEGIN_MAX)
		return 0;
	usage = begin_part(s);
	__builtin_memset(usage, 0, sizeof(*usage));
	if (mm) {
		usage->vm_kb = READ(mm, total_vm) * page_kb;
		usage->rss_kb = (__u64)(pages_of(MM_FILEPAGES) + pages_of(MM_ANONPAGES) + pages_of(MM_SHMEMPAGES)) *
				page_kb;
		usage->swap_kb = (__u64)pages_of(MM_SWAPENTS) * page_kb;
	}
	usage->major_faults = READ(task, maj_flt);
	usage->minor_faults = READ(task, min_flt);
	usage->run_ns = READ(task, se.sum_exec_runtime);
	usage->slice_ns = usage->run_ns - READ(task, se.prev_sum_exec_runtime);
	usage->user_ns = READ(task, utime);
	usage->system_ns = READ(task, stime);
	usage->thread_start_ns = READ(task, start_boottime);
	usage->files_max = READ(signal, rlim[RLIMIT_NOFILE].rlim_cur);
	usage->files = open_descriptors();
	usage->threads = READ(signal, nr_threads);
	end_part(s, SAKER_PART_USAGE, 0, sizeof(*usage));
	return 0;
}

__noinline int add_task_cgroup(__u32 subsystem)
{
	struct task_struct *task = current_task();
	struct css_set *set = READ(task, cgroups);
	struct scratch *s = my_scratch();
	struct cgroup_subsys_state *css = NULL;

	if (!s || subsystem >= SUBSYSTEMS_MAX || s->used > DETAILS_BEGIN_MAX)
		return 0;
	bpf_core_read(&css, sizeof(css), (void *)&set->subsys[0] + 8 * subsystem);
	if (!css)
		return 0;
	css = TYPED(struct cgroup_subsys_state, css);
	s->argument = subsystem;
	add_cgroup_path(s, READ(css, cgroup), SAKER_PART_TASK_CGROUP);
	return 0;
}

__noinline int list_file(__u32 fd)
{
	struct scratch *s = my_scratch();
	struct file *file = file_of(current_task(), fd);
	struct saker_listed_file *listed;
	struct super_block *sb;
	struct dentry *dentry;
	struct inode *inode;

	if (!s || !file)
		return 0;
	listed = begin_part(s) + index_below(s->gathered, SAKER_FILES_MAX) * sizeof(*listed);
	__builtin_memset(listed, 0, sizeof(*listed));
	inode = READ(file, f_inode);
	dentry = READ(file, f_path.dentry);
	sb = READ(inode, i_sb);
	listed->fd = fd;
	listed->inode_mode = READ(inode, i_mode);
	listed->magic = READ(sb, s_magic);
	bpf_probe_read_kernel_str(listed->name, sizeof(listed->name), READ(dentry, d_name.name));
	if ((listed->inode_mode & S_IFMT) == S_IFSOCK) {
		struct sock *sk = sock_of(file);

		if (sk) {
			listed->family = READ(sk, __sk_common.skc_family);
			listed->type = READ(sk, sk_type);
		}
	}
	s->gathered++;
	return 0;
}

__noinline int list_files(void)
{
	struct scratch *s = my_scratch();
	__u32 fd, listed;

	if (!s || s->used > DETAILS_BEGIN_MAX)
		return 0;
	s->argument = 0;
	s->gathered = 0;
	for (fd = 0; fd < SAKER_FILES_MAX; fd++)
		list_file(fd);
	listed = s->gathered;
	if (listed > SAKER_FILES_MAX)
		return 0;
	end_part(s, SAKER_PART_FILES, 0, listed * sizeof(struct saker_listed_file));
	return 0;
}

/* Adds what rules ask of the current task to the record in scratch memory. */
static __always_inline void add_details(struct scratch *s, struct task_struct *task)
{
	__u32 wanted = task_details, i;

	if (!wanted)
		return;
	if (wanted & SAKER_DETAIL_USAGE)
		add_usage();
	if (wanted & SAKER_DETAIL_CGROUPS)
		for (i = 0; i < SUBSYSTEMS_MAX && i < cgroup_subsystems; i++)
			add_task_cgroup(i);
	if (wanted & SAKER_DETAIL_STANDARD)
		for (i = 0; i < 3 && s->used <= DETAILS_BEGIN_MAX; i++)
			add_descriptor(s, i, SAKER_STANDARD_FD + i);
	if (wanted & SAKER_DETAIL_FILES)
		list_files();
	s->argument = 0;
}

#endif /* SAKER_DETAILS_H */
