/* act32: a 32-bit program (i386 or arm) that does what rules watch for, through the calls that such programs have. It brings
 * no libc, so that no 32-bit one is needed. "act32 VERB WORDS": exit status 0 when the kernel did it, otherwise errno, or
 * 127 for a verb that it does not have. */

typedef unsigned int word;

#if defined(__i386__)
enum { kRead = 3, kOpen = 5, kUnlink = 10, kExecve = 11, kRename = 38, kWritev = 146, kOpenat = 295, kConnect = 362 };
enum { kExit = 1, kMkdir = 39, kSocketcall = 102 };

/* The entry that the kernel names to programs (AT_SYSINFO), which is what a libc calls. `int $0x80` is the other one. */
static word entry;

static int call(int number, word a, word b, word c, word d) {
  int result;
  if (entry)
    __asm__ volatile("call *%[entry]"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), [entry] "m"(entry)
                     : "memory", "cc");
  else
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d) : "memory", "cc");
  return result;
}

/* All of them lie behind one call, with the arguments in memory. */
static int socket_call(int which, word a, word b, word c) {
  const word arguments[] = {a, b, c};
  return call(kSocketcall, (word)which, (word)arguments, 0, 0);
}
static int make_socket(int family, int type) { return socket_call(1, (word)family, (word)type, 0); }
static int connect_to(int fd, const void* address, word length) {
  return socket_call(3, (word)fd, (word)address, length);
}
static int send_message(int fd, const void* message) { return socket_call(16, (word)fd, (word)message, 0); }

__asm__(".globl _start\n_start:\n  mov %esp, %eax\n  and $-16, %esp\n  sub $12, %esp\n  push %eax\n  call start\n");
#elif defined(__arm__)
enum { kRead = 3, kOpen = 5, kUnlink = 10, kExecve = 11, kRename = 38, kWritev = 146, kOpenat = 322, kConnect = 283 };
enum { kExit = 1, kMkdir = 39, kSocket = 281, kSendmsg = 296 };

static word entry;

static int call(int number, word a, word b, word c, word d) {
  register int r7 __asm__("r7") = number;
  register word r0 __asm__("r0") = a;
  register word r1 __asm__("r1") = b;
  register word r2 __asm__("r2") = c;
  register word r3 __asm__("r3") = d;
  __asm__ volatile("svc 0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2), "r"(r3) : "memory", "cc");
  return (int)r0;
}

static int make_socket(int family, int type) { return call(kSocket, (word)family, (word)type, 0, 0); }
static int connect_to(int fd, const void* address, word length) {
  return call(kConnect, (word)fd, (word)address, length, 0);
}
static int send_message(int fd, const void* message) { return call(kSendmsg, (word)fd, (word)message, 0, 0); }

__asm__(".globl _start\n_start:\n  mov r0, sp\n  bic sp, sp, #15\n  bl start\n");
#else
#error "act32 is for i386 and arm"
#endif

struct address {
  unsigned short family;
  unsigned char port[2], bytes[4], zero[8];
};

struct part {
  const char* begin;
  word length;
};

struct message {
  const void* name;
  word name_length;
  const struct part* parts;
  word count;
  const void* control;
  word control_length;
  int flags;
};

static const struct part kParts[] = {{"narrow ", 7}, {"parts", 5}};

static int same(const char* a, const char* b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static word number(const char** text) {
  word value = 0;
  for (; **text >= '0' && **text <= '9'; ++*text) value = value * 10 + (word)(**text - '0');
  return value;
}

static struct address address_of(const char* dotted, const char* port_text) {
  struct address made = {.family = 2};
  for (int i = 0; i < 4; i++) {
    made.bytes[i] = (unsigned char)number(&dotted);
    if (*dotted == '.') dotted++;
  }
  const word port = number(&port_text);
  made.port[0] = (unsigned char)(port >> 8);
  made.port[1] = (unsigned char)port;
  return made;
}

static int open_datagrams(void) { return make_socket(2, 2); }

static int act(char** words, char** environment) {
  const char* verb = words[1];
  enum { kReadOnly = 0, kWriteCreate = 0101, kHere = -100 };
  char byte;
  if (same(verb, "open")) {
    const int fd = call(kOpen, (word)words[2], kReadOnly, 0, 0);
    return fd < 0 ? fd : call(kRead, (word)fd, (word)&byte, 1, 0);
  }
  if (same(verb, "openat")) return call(kOpenat, (word)kHere, (word)words[2], kReadOnly, 0);
  if (same(verb, "writev")) {
    const int fd = call(kOpen, (word)words[2], kWriteCreate, 0600, 0);
    return fd < 0 ? fd : call(kWritev, (word)fd, (word)kParts, 2, 0);
  }
  if (same(verb, "unlink")) return call(kUnlink, (word)words[2], 0, 0, 0);
  if (same(verb, "mkdir")) return call(kMkdir, (word)words[2], 0700, 0, 0);
  if (same(verb, "rename")) return call(kRename, (word)words[2], (word)words[3], 0, 0);
  if (same(verb, "exec")) return call(kExecve, (word)words[2], (word)(words + 2), (word)environment, 0);
  if (same(verb, "connect") || same(verb, "connect-direct")) {
    const struct address to = address_of(words[2], words[3]);
    const int fd = open_datagrams();
    if (fd < 0) return fd;
    if (same(verb, "connect")) return connect_to(fd, &to, sizeof(to));
    return call(kConnect, (word)fd, (word)&to, sizeof(to), 0);
  }
  if (same(verb, "sendmsg")) {
    const struct address to = address_of(words[2], words[3]);
    const struct message message = {&to, sizeof(to), kParts, 2, 0, 0, 0};
    const int fd = open_datagrams();
    return fd < 0 ? fd : send_message(fd, &message);
  }
  return -127;
}

/* What lies on a new program's stack: the number of words, the words, 0, the environment, 0, pairs of the kernel's. */
__attribute__((used, noreturn)) void start(word* stack) {
  char** words = (char**)(stack + 1);
  char** environment = words + stack[0] + 1;
  char** end = environment;
  while (*end) end++;
  enum { kSysinfo = 32 };
  for (const word* pair = (const word*)(end + 1); pair[0] != 0; pair += 2) {
    if (pair[0] == kSysinfo) entry = pair[1];
  }
  const int result = stack[0] > 1 ? act(words, environment) : 0;
  for (;;) call(kExit, result < 0 ? (word)-result : 0, 0, 0, 0);
}
