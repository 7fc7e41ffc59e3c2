#include <string.h>

#include "common/consumer.h"
#include "common/http_private.h"
#include "common/memory.h"

/* --- health
 * ------------------------------------------------------------------------------------------ */

static bool page_livez(struct http *http, struct reply *reply, struct problem *err)
{
    (void)http, (void)err;
    reply_text(reply, "text/plain; charset=utf-8", text_copy("alive\n"));
    return true;
}

bool http_is_ready(struct service_context *context, struct problem *err)
{
    if (atomic_load(&context->is_draining))
        return problem_set(err, PROBLEM_UNAVAILABLE, "the service is stopping");
    if (!db_is_ready(context->db, err))
        return false;
    return !context->consumers || consumers_are_ready(context->consumers, err);
}

/* Says why not: it is for operators, and nginx lets nobody else ask. */
static bool page_readyz(struct http *http, struct reply *reply, struct problem *err)
{
    if (!http_is_ready(http->context, err)) {
        problem_publish(err);
        return false;
    }
    reply_text(reply, "text/plain; charset=utf-8", text_copy("ready\n"));
    return true;
}

static bool page_metrics(struct http *http, struct reply *reply, struct problem *err)
{
    (void)err;
    reply_text(reply, "text/plain; version=0.0.4; charset=utf-8", metrics_text(http->metrics));
    return true;
}

static bool page_description(struct http *http, struct reply *reply, struct problem *err)
{
    if (!http->config.api_description)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no such page");
    reply_text(reply, "application/json", text_copy(http->config.api_description));
    return true;
}

/* --- problems
 * -------------------------------------------------------------------------------------------- */

/* What to do about it, by status: the title says what it is. */
static const char *advice_of(int status)
{
    switch (status) {
    case 400:
        return "Correct the request as the detail and the list of errors say; repeating it "
               "unchanged "
               "will not help.";
    case 401:
        return "Get a token from your identity provider and send it as Authorization: Bearer.";
    case 403:
        return "Ask for the scope, or for the appointment in the alliance, that the operation "
               "needs.";
    case 404:
        return "Check the address. What you may not know of is answered like what does not exist.";
    case 409:
        return "The request is fine, but not now. Once the state has changed it may succeed, with "
               "a new "
               "Idempotency-Key.";
    case 412:
    case 428:
        return "Read the resource, and send your change with its ETag as If-Match.";
    case 413:
        return "Send less at once; the api-spec names the limits.";
    case 415:
    case 406:
        return "Use one of the media types that the answer or the api-spec names.";
    case 422:
        return "A rule of the alliance stands against it; the detail names the rule and the "
               "figures.";
    case 429:
        return "Wait for the seconds of Retry-After.";
    case 503:
        return "Wait for the seconds of Retry-After, and repeat with the same Idempotency-Key.";
    default:
        return "Tell the operator the requestId.";
    }
}

static char *problem_html(enum problem_code code)
{
    char *text = NULL;
    if (asprintf(&text,
                 "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>%s</title>\n"
                 "<h1>%s</h1>\n<p>Status %d, problem type <code>/problems/%s</code>.</p>\n"
                 "<p>%s</p>\n</html>\n",
                 problem_title(code), problem_title(code), problem_status(code), problem_slug(code),
                 advice_of(problem_status(code))) < 0)
        abort();
    return text;
}

static bool page_problem(const struct http_message *message, const char *slug, struct reply *reply,
                         struct problem *err)
{
    static const char *const TYPES[] = {"text/html", "application/json"};
    enum problem_code code = problem_by_slug(slug);
    int accept = header_accept(header_get(&message->headers, "Accept"), TYPES, 2);
    if (code == PROBLEM_NONE)
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no such kind of problem");
    if (accept < 0)
        return problem_set(err, PROBLEM_NOT_ACCEPTABLE,
                           "this page is shown as text/html or application/json");
    if (accept == 0) {
        reply_text(reply, "text/html; charset=utf-8", problem_html(code));
        return true;
    }
    char type[80];
    snprintf(type, sizeof type, "/problems/%s", slug);
    json_t *page =
        json_pack("{s:s,s:s,s:i,s:s}", "type", type, "title", problem_title(code), "status",
                  problem_status(code), "advice", advice_of(problem_status(code)));
    if (!page)
        abort();
    reply_ok(reply, page, 0);
    return true;
}

/* --- which page
 * -------------------------------------------------------------------------------------------- */

static const struct {
    const char *path;
    bool (*show)(struct http *http, struct reply *reply, struct problem *err);
} PAGES[] = {
    {"/livez", page_livez},
    {"/readyz", page_readyz},
    {"/metrics", page_metrics},
    {"/v1/openapi.json", page_description},
};

static bool show(struct http *http, const struct http_message *message, struct reply *reply,
                 bool *ret_is_page, struct problem *err)
{
    size_t size = strcspn(message->target, "?");
    for (size_t i = 0; i < ARRAY_LENGTH(PAGES); i++)
        if (strlen(PAGES[i].path) == size && memcmp(PAGES[i].path, message->target, size) == 0)
            return PAGES[i].show(http, reply, err);
    char slug[64];
    *ret_is_page =
        size > 10 && size - 10 < sizeof slug && strncmp(message->target, "/problems/", 10) == 0;
    if (!*ret_is_page)
        return true;
    memcpy(slug, message->target + 10, size - 10);
    slug[size - 10] = '\0';
    return page_problem(message, slug, reply, err);
}

bool http_page(struct http *http, const struct http_message *message, struct reply *reply,
               struct problem *err)
{
    bool is_page = true;
    if (method_of(message->method) != METHOD_GET)
        return false;
    return show(http, message, reply, &is_page, err) ? is_page : true;
}
