#include "common/bus_envelope.h"

#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"

void bus_message_split(const void *bytes, size_t size, char ret_token[SERVICE_TOKEN_SIZE],
                       const char **ret_text, size_t *ret_size)
{
    const char *end = size == 0 ? NULL : memchr(bytes, '\n', size);
    size_t length = end == NULL ? 0 : (size_t)(end - (const char *)bytes);
    ret_token[0] = '\0';
    *ret_text = end == NULL ? bytes : end + 1;
    *ret_size = end == NULL ? size : size - length - 1;
    if (length == 0 || length >= SERVICE_TOKEN_SIZE)
        return;
    memcpy(ret_token, bytes, length);
    ret_token[length] = '\0';
}

static bool text_write(json_t *envelope, char **ret_text, size_t *ret_size, struct problem *err)
{
    char_auto_t *text = json_dumps(envelope, JSON_COMPACT);
    if (text == NULL)
        return problem_set(err, PROBLEM_INTERNAL, "a message that is not JSON");
    *ret_size = strlen(text);
    if (*ret_size > BUS_MESSAGE_BYTES_MAX - SERVICE_TOKEN_SIZE)
        return problem_set(err, PROBLEM_INTERNAL, "a message of %zu bytes is too long for the bus",
                           *ret_size);
    *ret_text = STEAL(text);
    return true;
}

static json_t *caller_write(const struct caller *caller)
{
    json_t *object = json_object();
    json_put_text(object, "issuer", caller->issuer);
    json_put_text(object, "subject", caller->subject);
    json_put_text(object, "client", caller->client);
    json_put_text(object, "organisation", caller->organisation);
    return object;
}

bool bus_question_write(const struct bus_ask *ask, char **ret_text, size_t *ret_size,
                        struct problem *err)
{
    json_auto_t *envelope = json_object();
    json_put_text(envelope, "question", ask->question);
    json_put_text(envelope, "allianceId", ask->alliance_id);
    json_put_text(envelope, "requestId", ask->request_id);
    json_put_text(envelope, "traceparent", ask->traceparent);
    if (ask->caller != NULL)
        json_put_new(envelope, "caller", caller_write(ask->caller));
    json_put_new(envelope, "arguments",
                 ask->arguments != NULL ? json_incref(ask->arguments) : json_object());
    return text_write(envelope, ret_text, ret_size, err);
}

/* Copies a text member that is absent or fits. */
static bool text_copy(const json_t *object, const char *name, char *ret_text, size_t size)
{
    const json_t *member = json_member(object, name);
    ret_text[0] = '\0';
    if (member == NULL)
        return true;
    if (!json_is_string(member) || json_string_length(member) >= size)
        return false;
    memcpy(ret_text, json_string_value(member), json_string_length(member) + 1);
    return true;
}

static bool caller_read(const json_t *object, struct caller *ret_caller)
{
    return json_is_object(object) &&
           text_copy(object, "issuer", ret_caller->issuer, IDENTITY_SIZE) &&
           text_copy(object, "subject", ret_caller->subject, IDENTITY_SIZE) &&
           text_copy(object, "client", ret_caller->client, IDENTITY_SIZE) &&
           text_copy(object, "organisation", ret_caller->organisation, ODS_SIZE) &&
           ret_caller->issuer[0] != '\0' && ret_caller->subject[0] != '\0';
}

static bool envelope_read(const char *text, size_t size, json_t **ret_envelope, struct problem *err)
{
    json_auto_t *envelope = NULL;
    if (!json_parse(text, size, &envelope, err))
        return false;
    if (!json_is_object(envelope))
        return problem_set(err, PROBLEM_BODY_MALFORMED, "a message that is not an object");
    *ret_envelope = STEAL(envelope);
    return true;
}

bool bus_question_read(const char *text, size_t size, json_t **ret_envelope,
                       struct bus_question *ret_question, const char **ret_name,
                       struct problem *err)
{
    json_auto_t *envelope = NULL;
    if (!envelope_read(text, size, &envelope, err))
        return false;
    struct bus_question question = *ret_question;
    const json_t *caller = json_member(envelope, "caller");
    question.has_caller = caller != NULL;
    question.arguments = json_member(envelope, "arguments");
    if (!text_copy(envelope, "allianceId", question.alliance_id, UUID_SIZE) ||
        (question.alliance_id[0] != '\0' && !uuid_is_valid(question.alliance_id)) ||
        !text_copy(envelope, "requestId", question.request_id, UUID_SIZE) ||
        !text_copy(envelope, "traceparent", question.traceparent, TRACEPARENT_SIZE) ||
        (caller != NULL && !caller_read(caller, &question.caller)) ||
        !json_is_object(question.arguments) || json_text(envelope, "question") == NULL)
        return problem_set(err, PROBLEM_BODY_INVALID, "a message that is not a question");
    *ret_question = question;
    *ret_name = json_text(envelope, "question");
    *ret_envelope = STEAL(envelope);
    return true;
}

static json_t *problem_write(const struct problem *problem)
{
    json_t *object = json_object();
    json_put_text(object, "code", problem_slug(problem->code));
    json_put_text(object, "detail", problem->detail);
    if (problem->retry_after_s > 0)
        json_put_integer(object, "retryAfter", problem->retry_after_s);
    if (problem->fault_count == 0)
        return object;
    json_t *faults = json_array();
    for (size_t i = 0; i < problem->fault_count && i < FAULTS_LISTED_MAX; i++) {
        json_t *fault = json_object();
        json_put_text(fault, "pointer", problem->faults[i].pointer);
        json_put_text(fault, "detail", problem->faults[i].detail);
        json_put_text(fault, "code", problem->faults[i].code);
        json_push_new(faults, fault);
    }
    json_put_new(object, "errors", faults);
    return object;
}

bool bus_reply_write(json_t *answer, const struct problem *problem, char **ret_text,
                     size_t *ret_size, struct problem *err)
{
    json_auto_t *envelope = json_object();
    if (answer != NULL)
        json_put_new(envelope, "answer", json_incref(answer));
    else
        json_put_new(envelope, "problem", problem_write(problem));
    return text_write(envelope, ret_text, ret_size, err);
}

bool bus_reply_read(const char *text, size_t size, json_t **ret_envelope, struct problem *err)
{
    return envelope_read(text, size, ret_envelope, err);
}

static bool problem_read(const json_t *object, struct problem *err)
{
    const char *code = json_text(object, "code"), *detail = json_text(object, "detail");
    enum problem_code known = code == NULL ? PROBLEM_NONE : problem_by_slug(code);
    if (known == PROBLEM_NONE)
        return problem_set(err, PROBLEM_UPSTREAM, "an answer with an unknown problem");
    size_t index;
    const json_t *fault;
    json_array_foreach(json_object_get(object, "errors"), index, fault)
    {
        const char *fault_code = json_text(fault, "code"), *pointer = json_text(fault, "pointer"),
                   *text = json_text(fault, "detail");
        problem_add(err, known, fault_code == NULL ? "" : fault_code,
                    pointer == NULL ? "" : pointer, "%s", text == NULL ? "" : text);
    }
    err->retry_after_s = (int)json_integer_or(object, "retryAfter", 0);
    return problem_set(err, known, "%s", detail == NULL ? "" : detail);
}

bool bus_reply_take(const json_t *envelope, json_t **ret_answer, struct problem *err)
{
    json_t *answer = json_object_get(envelope, "answer");
    const json_t *problem = json_member(envelope, "problem");
    if (problem != NULL)
        return problem_read(problem, err);
    if (answer == NULL)
        return problem_set(err, PROBLEM_UPSTREAM, "a reply without an answer");
    *ret_answer = json_incref(answer);
    return true;
}
