/* A message on the bus: a token, a line feed, a question or a reply. What is read is written and
 * read again as the same; whatever is wrong with it can be answered. */
#include "tests/fuzz/fuzz.h"

#include "common/bus_envelope.h"
#include "common/ids.h"

static void question_again(const struct bus_question *question, const char *name)
{
    struct problem err = {0};
    struct bus_question again = {.context = NULL};
    json_auto_t *envelope = NULL;
    const char *again_name;
    char_auto_t *text = NULL;
    size_t size = 0;
    json_auto_t *arguments = json_deep_copy(question->arguments);
    const struct bus_ask ask = {
        .question = name,
        .alliance_id = question->alliance_id,
        .request_id = question->request_id,
        .traceparent = question->traceparent,
        .caller = question->has_caller ? &question->caller : NULL,
        .arguments = arguments,
    };
    if (name[0] == '\0') /* nobody asks nothing */
        return;
    assert(bus_question_write(&ask, &text, &size, &err));
    assert(bus_question_read(text, size, &envelope, &again, &again_name, &err));
    assert(strcmp(name, again_name) == 0 && json_equal(arguments, again.arguments));
    assert(strcmp(question->alliance_id, again.alliance_id) == 0 &&
           question->has_caller == again.has_caller &&
           strcmp(question->caller.subject, again.caller.subject) == 0);
}

/* As bus_answer.c does: the problem goes back, and means the same there. */
static void problem_again(const struct problem *problem)
{
    struct problem err = {0}, taken = {0};
    char_auto_t *text = NULL;
    size_t size = 0;
    json_auto_t *envelope = NULL, *answer = NULL;
    assert(bus_reply_write(NULL, problem, &text, &size, &err));
    assert(bus_reply_read(text, size, &envelope, &err));
    assert(!bus_reply_take(envelope, &answer, &taken));
    assert(taken.code == problem->code && strcmp(taken.detail, problem->detail) == 0);
}

static void question_take(const char *text, size_t size)
{
    struct problem err = {0};
    struct bus_question question = {.context = NULL};
    const char *name;
    json_auto_t *envelope = NULL;
    if (bus_question_read(text, size, &envelope, &question, &name, &err)) {
        assert(question.alliance_id[0] == '\0' || uuid_is_valid(question.alliance_id));
        question_again(&question, name);
        problem_set(&err, PROBLEM_NOT_FOUND, "nobody here answers %.64s", name);
    }
    problem_again(&err);
}

static void reply_take(const char *text, size_t size)
{
    struct problem err = {0};
    json_auto_t *envelope = NULL, *answer = NULL;
    if (bus_reply_read(text, size, &envelope, &err) && bus_reply_take(envelope, &answer, &err)) {
        assert(answer != NULL);
        return;
    }
    assert(answer == NULL);
    problem_again(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char token[SERVICE_TOKEN_SIZE];
    const char *text;
    size_t text_size;
    bus_message_split(data, size, token, &text, &text_size);
    assert(strlen(token) < sizeof token && text_size <= size);
    question_take(text, text_size);
    reply_take(text, text_size);
    return 0;
}
