#include "common/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/instant.h"

enum { LINE_SIZE = 8192, LINE_END_SIZE = 4, MESSAGE_SIZE = 2048, WAIT_MS = 250 };

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static char service_name[CODE_SIZE] = "accord";
static enum log_level lowest_level = LEVEL_INFO;
static const char *file_name; /* NULL = standard error */
static int file_fd = STDERR_FILENO;
static struct stat file;                                 /* that file_fd has open */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over what is written, and to where */
static _Thread_local char request_id[REQUEST_ID_SIZE];

/* A line being put together. It is cut rather than ever split into two writes. */
struct line {
    char text[LINE_SIZE];
    size_t size;
};

void log_start(const char *service)
{
    snprintf(service_name, sizeof service_name, "%s", service);
    const char *wanted = getenv("ACCORD_LOG"), *path = getenv("ACCORD_LOG_FILE");
    file_name = path != NULL && path[0] != '\0' ? path : NULL;
    lowest_level = LEVEL_INFO;
    for (size_t i = 0; wanted != NULL && i < ARRAY_LENGTH(level_names); i++)
        if (strcmp(wanted, level_names[i]) == 0)
            lowest_level = (enum log_level)i;
}

void log_set_request(const char *id)
{
    snprintf(request_id, sizeof request_id, "%s", id == NULL ? "" : id);
}

bool log_is_on(enum log_level level)
{
    return level >= lowest_level;
}

static void put(struct line *line, const char *text, size_t size)
{
    if (line->size + size > LINE_SIZE - LINE_END_SIZE)
        return;
    memcpy(line->text + line->size, text, size);
    line->size += size;
}

/* One character as it stands in a JSON string. What is not UTF-8 becomes a question mark: the text
 * may come from anywhere (a server's notice, a file's name). */
static size_t put_character(struct line *line, const unsigned char *text)
{
    unsigned char c = text[0];
    size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80) /* also the end of the text */
            length = 0;
    if (length == 0 || (c >= 0x80 && length == 1) || c > 0xF4) {
        put(line, "?", 1);
        return 1;
    }
    if (c == '"' || c == '\\') {
        put(line, (const char[]){'\\', (char)c}, 2);
    } else if (c < 0x20 || c == 0x7F) {
        char escape[8];
        snprintf(escape, sizeof escape, "\\u%04x", c);
        put(line, escape, 6);
    } else {
        put(line, (const char *)text, length);
    }
    return length;
}

/* The room that every string keeps for its closing quote. */
enum { STRING_END_SIZE = 8 };

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* Most text is plain, and goes in as it is. */
static size_t put_plain(struct line *line, const unsigned char *text, size_t room)
{
    size_t size = 0;
    while (size < room && is_plain(text[size]))
        size++;
    put(line, (const char *)text, size);
    return size;
}

static void put_string(struct line *line, const char *text)
{
    const size_t end = LINE_SIZE - LINE_END_SIZE - STRING_END_SIZE;
    put(line, "\"", 1);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0' && line->size <= end;) {
        size_t plain = put_plain(line, at, end + 1 - line->size);
        at += plain > 0 ? plain : put_character(line, at);
    }
    put(line, "\"", 1);
}

static void put_text_member(struct line *line, const char *name, const char *text)
{
    /* A member goes in whole or not at all, but for a long text's end. */
    if (line->size + strlen(name) + 2 * STRING_END_SIZE > LINE_SIZE - LINE_END_SIZE)
        return;
    put(line, line->size > 1 ? ",\"" : "\"", line->size > 1 ? 2 : 1);
    put(line, name, strlen(name));
    put(line, "\":", 2);
    put_string(line, text);
}

static void put_number_member(struct line *line, const char *name, int64_t number)
{
    char member[128];
    int length = snprintf(member, sizeof member, ",\"%.64s\":%" PRId64, name, number);
    put(line, member, (size_t)length);
}

static void line_begin(struct line *line, enum log_level level, const char *message)
{
    struct timespec now;
    char time_text[INSTANT_SIZE];
    clock_gettime(CLOCK_REALTIME, &now);
    instant_format((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, time_text);
    line->size = 0;
    put(line, "{", 1);
    put_text_member(line, "time", time_text);
    put_text_member(line, "level", level_names[level]);
    put_text_member(line, "service", service_name);
    if (request_id[0] != '\0')
        put_text_member(line, "requestId", request_id);
    put_text_member(line, "message", message);
}

/* Where the line goes. Whoever moves the file away to keep it (logrotate) need tell nobody: the
 * next line makes a new one, and none is lost. Under the lock. */
static int line_fd(void)
{
    struct stat there;
    if (file_name == NULL)
        return STDERR_FILENO;
    if (stat(file_name, &there) == 0 && there.st_ino == file.st_ino && there.st_dev == file.st_dev)
        return file_fd;
    int fd = open(file_name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (fd >= 0) {
        if (file_fd != STDERR_FILENO)
            close(file_fd);
        file_fd = fd;
        fstat(fd, &file);
    }
    return file_fd;
}

/* What could not be written since the last line that could; under the lock. */
static unsigned lines_lost;
static bool is_cut;

/* Whether a write to the log would not block: who reads it may be stopped, or have no room left,
 * and that must not stop us. Who is only slow is waited for, once. A pipe that is writable takes
 * PIPE_BUF bytes at least. */
static bool log_has_room(int fd)
{
    struct pollfd log = {.fd = fd, .events = POLLOUT};
    return poll(&log, 1, lines_lost == 0 ? WAIT_MS : 0) == 1 && (log.revents & POLLOUT) != 0;
}

static size_t text_write(int fd, const char *text, size_t size)
{
    size_t written = 0;
    while (written < size && log_has_room(fd)) {
        size_t part = size - written < PIPE_BUF ? size - written : PIPE_BUF;
        ssize_t count = write(fd, text + written, part);
        if (count <= 0)
            break; /* nowhere left to say it */
        written += (size_t)count;
    }
    return written;
}

/* Says first how much is missing, on a line of its own. */
static bool loss_tell(int fd)
{
    struct line line;
    char message[64];
    if (lines_lost == 0)
        return true;
    snprintf(message, sizeof message, "%u lines found no reader", lines_lost);
    line_begin(&line, LEVEL_WARNING, message);
    memcpy(line.text + line.size, "}\n", 2);
    if (is_cut && text_write(fd, "\n", 1) != 1)
        return false;
    size_t size = line.size + 2, written = text_write(fd, line.text, size);
    is_cut = written > 0 && written < size;
    if (written < size)
        return false;
    lines_lost = 0;
    return true;
}

/* One write() per line, so that lines of several threads don't mix. */
static void line_end(struct line *line)
{
    memcpy(line->text + line->size, "}\n", 2);
    line->size += 2;
    pthread_mutex_lock(&lock);
    int fd = line_fd();
    size_t written = loss_tell(fd) ? text_write(fd, line->text, line->size) : 0;
    if (written < line->size)
        lines_lost++;
    is_cut = is_cut || (written > 0 && written < line->size);
    pthread_mutex_unlock(&lock);
}

static void write_line(enum log_level level, const struct log_field fields[], size_t count,
                       const char *message)
{
    struct line line;
    line_begin(&line, level, message);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].text != NULL)
            put_text_member(&line, fields[i].name, fields[i].text);
        else
            put_number_member(&line, fields[i].name, fields[i].number);
    }
    line_end(&line);
}

void log_write(enum log_level level, const char *format, ...)
{
    if (!log_is_on(level))
        return;
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    write_line(level, NULL, 0, message);
}

void log_fields(enum log_level level, const struct log_field fields[], size_t count,
                const char *format, ...)
{
    if (!log_is_on(level))
        return;
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    write_line(level, fields, count, message);
}

void log_problem(const struct problem *err, const char *format, ...)
{
    enum log_level level = problem_status(err->code) >= 500 ? LEVEL_ERROR : LEVEL_INFO;
    if (!log_is_on(level))
        return;
    char what[MESSAGE_SIZE / 2], message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(message, sizeof message, "%s: %s", what, err->detail);
    struct log_field fields[3] = {{.name = "problem", .text = problem_slug(err->code)}};
    size_t count = 1;
    if (err->fault_count > 0) {
        fields[count++] = (struct log_field){.name = "pointer", .text = err->faults[0].pointer};
        fields[count++] = (struct log_field){.name = "fault", .text = err->faults[0].detail};
    }
    write_line(level, fields, count, message);
}
