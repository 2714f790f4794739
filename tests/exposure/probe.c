/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * probe.c - what an engine that somebody took over could do: started by the supervisor in
 * the place of an engine, this program confines itself as that one does, tries, and says
 * on its standard error which tries came through.
 *
 * With --free it is not confined: then every try must come through, or it tries nothing.
 * Files that it is to make are lines of a file PROBE.paths beside it.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

int confine(struct error *err); /* of the engine's room */

enum {
	PATHS_MAX = 16,
	PAGE_BYTES = 4096,
	KEYCTL_GET_KEYRING_ID = 0,
	MODE_SUID = 04755,
	NO_SUCH_FLAG = 1
};

static pid_t parent; /* asked before one may not ask */

/* The kernel looked at what it was given: the call itself is not refused. */
static bool is_looked_at(long outcome)
{
	return outcome >= 0 || errno == EFAULT || errno == EINVAL || errno == ESRCH;
}

static bool opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool reads_shadow(void)
{
	return opens("/etc/shadow", O_RDONLY);
}

static bool reads_passwd(void)
{
	return opens("/etc/passwd", O_RDONLY);
}

static bool reads_others_environment(void)
{
	return opens("/proc/1/environ", O_RDONLY);
}

static bool writes_temporary_files(void)
{
	const char *path = "/tmp/probe";
	bool could = opens(path, O_WRONLY | O_CREAT);

	if (could)
		unlink(path);
	return could;
}

static bool lists_homes(void)
{
	DIR *folder = opendir("/root");
	int count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count > 2; /* itself and what is above it */
}

static bool opens_devices(void)
{
	return opens("/dev/zero", O_RDONLY);
}

static bool executes(void)
{
	return is_looked_at(syscall(SYS_execve, NULL, NULL, NULL));
}

static bool forks(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid > 0;
}

static void *nothing(void *data)
{
	return data;
}

static bool makes_threads(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, nothing, NULL) == 0 &&
	       pthread_join(thread, NULL) == 0;
}

static bool signals_its_parent(void)
{
	return kill(parent, 0) == 0;
}

static bool traces(void)
{
	return is_looked_at(ptrace(PTRACE_PEEKDATA, parent, NULL, NULL));
}

static bool reads_others_memory(void)
{
	return is_looked_at(syscall(SYS_process_vm_readv, parent, NULL, 0, NULL, 0, 0));
}

static bool takes_others_descriptors(void)
{
	return is_looked_at(syscall(SYS_pidfd_open, parent, 0));
}

static bool makes_socket(int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool speaks_ip(void)
{
	return makes_socket(AF_INET, SOCK_STREAM, 0);
}

static bool speaks_raw_ip(void)
{
	return makes_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static bool speaks_netlink(void)
{
	return makes_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static bool speaks_packets(void)
{
	return makes_socket(AF_PACKET, SOCK_RAW, 0);
}

static bool connects_to_sockets_of_the_host(void)
{
	return makes_socket(AF_UNIX, SOCK_STREAM, 0);
}

static bool listens_anew(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool could = fd >= 0 &&
		     bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		     listen(fd, 1) == 0;

	if (fd >= 0)
		close(fd);
	return could;
}

static bool mounts(void)
{
	return mount("probe", "/mnt", "tmpfs", 0, NULL) == 0 && umount("/mnt") == 0;
}

static bool leaves_namespaces(void)
{
	return unshare(CLONE_NEWUTS) == 0;
}

static bool becomes_user_namespace(void)
{
	return is_looked_at(syscall(SYS_unshare, CLONE_NEWUSER | NO_SUCH_FLAG));
}

static bool changes_root(void)
{
	return chroot("/") == 0;
}

static bool becomes_root(void)
{
	return setuid(0) == 0;
}

static bool makes_devices(void)
{
	const char *path = "/run/probe-device";
	bool could = mknod(path, S_IFCHR | 0600, 0x103) == 0;

	if (could)
		unlink(path);
	return could;
}

static bool makes_setuid_files(void)
{
	int fd = memfd_create("probe", MFD_CLOEXEC);
	bool could = fd >= 0 && fchmod(fd, MODE_SUID) == 0;

	if (fd >= 0)
		close(fd);
	return could;
}

static bool uses_keys(void)
{
	return is_looked_at(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3, 0));
}

static bool maps_code(void)
{
	void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED && munmap(page, PAGE_BYTES) == 0;
}

static bool makes_code_of_data(void)
{
	void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool could = page != MAP_FAILED &&
		     mprotect(page, PAGE_BYTES, PROT_READ | PROT_EXEC) == 0;

	if (page != MAP_FAILED)
		munmap(page, PAGE_BYTES);
	return could;
}

static bool changes_personality(void)
{
	return personality(0xffffffff) >= 0;
}

static bool goes_first(void)
{
	return is_looked_at(sched_setscheduler(0, SCHED_FIFO, NULL));
}

static bool renames_host(void)
{
	return is_looked_at(syscall(SYS_sethostname, NULL, -1));
}

static bool may_be_looked_into(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

static const struct {
	const char *what;
	bool (*could)(void);
} tries[] = {
	{ "reads /etc/shadow", reads_shadow },
	{ "reads /etc/passwd", reads_passwd },
	{ "reads others' environment", reads_others_environment },
	{ "writes temporary files", writes_temporary_files },
	{ "lists homes", lists_homes },
	{ "opens devices", opens_devices },
	{ "executes", executes },
	{ "forks", forks },
	{ "makes threads", makes_threads },
	{ "signals its parent", signals_its_parent },
	{ "traces", traces },
	{ "reads others' memory", reads_others_memory },
	{ "takes others' descriptors", takes_others_descriptors },
	{ "speaks IP", speaks_ip },
	{ "speaks raw IP", speaks_raw_ip },
	{ "speaks netlink", speaks_netlink },
	{ "speaks packets", speaks_packets },
	{ "connects to sockets of the host", connects_to_sockets_of_the_host },
	{ "listens anew", listens_anew },
	{ "mounts", mounts },
	{ "leaves namespaces", leaves_namespaces },
	{ "becomes root of a user namespace", becomes_user_namespace },
	{ "changes root", changes_root },
	{ "becomes root", becomes_root },
	{ "makes devices", makes_devices },
	{ "makes setuid files", makes_setuid_files },
	{ "uses keys", uses_keys },
	{ "maps code", maps_code },
	{ "makes code of data", makes_code_of_data },
	{ "changes personality", changes_personality },
	{ "goes first", goes_first },
	{ "renames the host", renames_host },
	{ "may be looked into", may_be_looked_into },
};

/* The files to make, read while it still may. */
static size_t read_paths(char ret[PATHS_MAX][PATH_MAX])
{
	char name[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", name, sizeof(name) - sizeof(".paths"));
	FILE *file;
	size_t count = 0;

	if (size < 0)
		return 0;
	memcpy(name + size, ".paths", sizeof(".paths"));
	file = fopen(name, "re");
	while (file && count < PATHS_MAX && fgets(ret[count], PATH_MAX, file)) {
		ret[count][strcspn(ret[count], "\n")] = '\0';
		count++;
	}
	if (file)
		fclose(file);
	return count;
}

int main(int argc, char **argv)
{
	static char paths[PATHS_MAX][PATH_MAX];
	const char *name = program_invocation_short_name;
	size_t count = read_paths(paths);
	struct error err = { 0 };

	parent = getppid();
	if ((argc != 2 || strcmp(argv[1], "--free") != 0) && confine(&err) < 0) {
		fprintf(stderr, "probe %s: not confined: %s\n", name, err.text);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < ARRAY_LEN(tries); i++)
		dprintf(STDERR_FILENO, "probe %s: %s: %s\n", name, tries[i].what,
			tries[i].could() ? "yes" : "no");
	for (size_t i = 0; i < count; i++)
		dprintf(STDERR_FILENO, "probe %s: makes %s: %s\n", name, paths[i],
			opens(paths[i], O_WRONLY | O_CREAT | O_EXCL) ? "yes" : "no");
	dprintf(STDERR_FILENO, "probe %s: done\n", name);
	return EXIT_SUCCESS;
}
