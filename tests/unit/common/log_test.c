/* The log: one JSON object per line, whatever is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

static int saved_error, reading;

/* Standard error becomes a pipe that the test reads. */
static int catch_log(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    saved_error = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    reading = ends[0];
    return 0;
}

static int release_log(void **state)
{
    (void)state;
    dup2(saved_error, STDERR_FILENO);
    close(saved_error);
    close(reading);
    log_set_request(NULL);
    unsetenv("ACCORD_LOG");
    log_start("tests");
    return 0;
}

/* The next line as JSON. */
static json_t *line_read(void)
{
    static char text[16 * 1024];
    size_t size = 0;
    while (size < sizeof text && read(reading, text + size, 1) == 1 && text[size] != '\n')
        size++;
    json_error_t error;
    json_t *line = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (line == NULL)
        fail_msg("%.*s: %s", (int)size, text, error.text);
    return line;
}

static const char *member(const json_t *line, const char *name)
{
    return json_string_value(json_object_get(line, name));
}

static void a_line_says_when_who_and_what(void **state)
{
    (void)state;
    log_start("accord-ledger");
    log_set_request("018f0000-0000-7000-8000-000000000001");
    log_warning("%d \"quoted\" \\ \n\t\x01 \u00e9", 7);
    json_auto_t *line = line_read();
    assert_string_equal(member(line, "level"), "warning");
    assert_string_equal(member(line, "service"), "accord-ledger");
    assert_string_equal(member(line, "requestId"), "018f0000-0000-7000-8000-000000000001");
    assert_string_equal(member(line, "message"), "7 \"quoted\" \\ \n\t\x01 \u00e9");
    assert_int_equal(strlen(member(line, "time")), 24);
    log_set_request(NULL);
    log_info("no request");
    json_auto_t *other = line_read();
    assert_null(json_object_get(other, "requestId"));
}

static void what_is_not_utf_8_is_made_readable(void **state)
{
    (void)state;
    log_info("\xff\xc3(\xe2\x82 end \xc3");
    json_auto_t *line = line_read();
    assert_string_equal(member(line, "message"), "?"
                                                 "?(?"
                                                 "? end ?");
}

static void fields_follow_the_message(void **state)
{
    (void)state;
    const struct log_field fields[] = {{.name = "path", .text = "/v1/\""},
                                       {.name = "status", .number = -1}};
    log_fields(LEVEL_INFO, fields, 2, "request");
    json_auto_t *line = line_read();
    assert_string_equal(member(line, "path"), "/v1/\"");
    assert_int_equal(json_integer_value(json_object_get(line, "status")), -1);
}

static void too_long_a_line_is_still_one_object(void **state)
{
    (void)state;
    char text[9000];
    memset(text, '"', sizeof text);
    text[sizeof text - 1] = '\0';
    const struct log_field fields[] = {
        {.name = "a", .text = text}, {.name = "b", .text = text}, {.name = "c", .number = 1}};
    log_fields(LEVEL_ERROR, fields, 3, "%s", text);
    json_auto_t *line = line_read();
    assert_true(strlen(member(line, "message")) > 1000);
    log_info("next");
    json_auto_t *next = line_read();
    assert_string_equal(member(next, "message"), "next");
}

static void levels_below_the_wanted_one_are_silent(void **state)
{
    (void)state;
    setenv("ACCORD_LOG", "error", 1);
    log_start("tests");
    log_warning("not this");
    log_error("but this");
    json_auto_t *line = line_read();
    assert_string_equal(member(line, "message"), "but this");
    setenv("ACCORD_LOG", "debug", 1);
    log_start("tests");
    log_debug("everything");
    json_auto_t *all = line_read();
    assert_string_equal(member(all, "message"), "everything");
    setenv("ACCORD_LOG", "nonsense", 1);
    log_start("tests");
    assert_true(log_is_on(LEVEL_INFO));
    assert_false(log_is_on(LEVEL_DEBUG));
}

static void problems_are_logged_with_their_code(void **state)
{
    (void)state;
    struct problem err = {0};
    problem_add(&err, PROBLEM_BODY_INVALID, "required", "/a", "is missing");
    log_problem(&err, "POST %s", "/x");
    json_auto_t *line = line_read();
    assert_string_equal(member(line, "level"), "info");
    assert_string_equal(member(line, "problem"), "invalid-body");
    assert_string_equal(member(line, "pointer"), "/a");
    struct problem ours = {0};
    problem_set(&ours, PROBLEM_INTERNAL, "a bug");
    log_problem(&ours, "GET");
    json_auto_t *error = line_read();
    assert_string_equal(member(error, "level"), "error");
    assert_string_equal(member(error, "message"), "GET: a bug");
}

static atomic_int writers_done;

static void *write_lines(void *unused)
{
    (void)unused;
    for (int i = 0; i < 50; i++)
        log_info("%0100d", i);
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, write_lines, NULL);
    for (int i = 0; i < 200; i++)
        json_decref(line_read());
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

/* Who reads the log has stopped, or its disk is full: nobody waits for it, and it is told how much
 * is missing. */
static void a_log_that_nobody_reads_stops_nobody(void **state)
{
    (void)state;
    enum { LINES = 2000 };
    int found = 0, missing = -1;
    for (int i = 0; i < LINES; i++)
        log_info("%0100d", i);
    while (missing < 0) {
        json_auto_t *line = line_read();
        const char *message = member(line, "message");
        if (strstr(message, "found no reader") != NULL)
            missing = (int)strtol(message, NULL, 10);
        else
            assert_int_equal(strtol(message, NULL, 10), found++);
        if (missing < 0 && found % 100 == 99)
            log_info("%0100d", found + 1); /* there is room again */
        assert_true(found < LINES);
    }
    assert_true(missing > LINES / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, catch_log, release_log)
enum { WRITERS = 4, LINES_EACH = 5000 };

static atomic_int writers_done;

static void *write_numbered_lines(void *number)
{
    for (int i = 0; i < LINES_EACH; i++)
        log_info("line %d", (int)(intptr_t)number * LINES_EACH + i);
    atomic_fetch_add(&writers_done, 1);
    return NULL;
}

/* Returns 1 if there was a file to move. */
static int move_away(const char *path, int number)
{
    char moved[96];
    snprintf(moved, sizeof moved, "%s.%d", path, number);
    return rename(path, moved) == 0;
}

/* Every whole line of a file, ticked off; returns how many. */
static int lines_tick(const char *path, bool ticked[WRITERS * LINES_EACH])
{
    char text[512];
    int count = 0, number;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (; fgets(text, sizeof text, file) != NULL; count++) {
        const char *message = strstr(text, "\"message\":\"line ");
        assert_non_null(message);
        assert_int_equal(sscanf(message, "\"message\":\"line %d\"}\n", &number), 1);
        assert_true(number >= 0 && number < WRITERS * LINES_EACH && !ticked[number]);
        ticked[number] = true;
    }
    fclose(file);
    return count;
}

/* As logrotate does it, again and again while four threads write. */
static void a_file_that_is_moved_away_loses_no_line(void **state)
{
    (void)state;
    static bool ticked[WRITERS * LINES_EACH];
    char folder[] = "/tmp/accord-log-XXXXXX", path[64], moved[96];
    pthread_t writers[WRITERS];
    int files = 0, count = 0;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
    setenv("ACCORD_LOG_FILE", path, 1);
    log_start("tests");
    for (intptr_t i = 0; i < WRITERS; i++)
        pthread_create(&writers[i], NULL, write_numbered_lines, (void *)i);
    while (atomic_load(&writers_done) < WRITERS)
        files += move_away(path, files);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    files += move_away(path, files);
    assert_true(files > 1);
    for (int i = 0; i < files; i++) {
        snprintf(moved, sizeof moved, "%s.%d", path, i);
        count += lines_tick(moved, ticked);
        unlink(moved);
    }
    assert_int_equal(count, WRITERS * LINES_EACH);
    assert_int_equal(rmdir(folder), 0);
    unsetenv("ACCORD_LOG_FILE");
    log_start("tests");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_says_when_who_and_what),
        TEST(what_is_not_utf_8_is_made_readable),
        TEST(fields_follow_the_message),
        TEST(too_long_a_line_is_still_one_object),
        TEST(levels_below_the_wanted_one_are_silent),
        TEST(problems_are_logged_with_their_code),
        TEST(lines_of_threads_do_not_mix),
        cmocka_unit_test(a_file_that_is_moved_away_loses_no_line),
        TEST(a_log_that_nobody_reads_stops_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
