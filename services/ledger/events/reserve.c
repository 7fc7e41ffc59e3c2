#include <stdio.h>
#include <string.h>

#include "common/ids.h"
#include "common/json.h"
#include "common/money.h"
#include "services/ledger/events.h"
#include "services/ledger/events/rows.h"
#include "services/ledger/events/settlement.h"
#include "services/ledger/rules.h"
#include "services/ledger/rules/settling.h"

void release_ref(const char *id, char ret_ref[REF_SIZE])
{
    snprintf(ret_ref, REF_SIZE, RELEASE_PREFIX "%s", id);
}

/* What a vote on it is about. */
static json_t *release_content(const struct reserve_release *release)
{
    json_t *content = json_object();
    json_put_text(content, "year", release->year);
    json_put_text(content, "purpose", release->purpose);
    json_put_text(content, "toAccount", release->to_account);
    json_put_integer(content, "amountPence", release->amount_pence);
    json_put_text(content, "reason", release->reason);
    return content;
}

static json_t *release_row(const struct reserve_release *release)
{
    json_t *row = release_content(release);
    json_put_text(row, "id", release->id);
    json_put_text(row, "state", release_state_word(release->state));
    json_put_instant(row, "draftedAt", release->drafted.at_ms);
    json_put_text(row, "draftedBy", release->drafted.by);
    json_put_instant(row, "endedAt", release->ended_ms);
    json_put_text(row, "endedBecause", release->ended_because);
    json_put_text(row, "decisionId", release->decision_id);
    json_put_text(row, "transactionId", release->transaction_id);
    json_put_integer(row, "version", release->version);
    return row;
}

bool event_release_moved(struct act *act, const struct reserve_release *release,
                         struct problem *err)
{
    static const char *const types[] = {
        [RELEASE_DRAFT] = "ledger.release.drafted.v1",
        [RELEASE_REJECTED] = "ledger.release.rejected.v1",
        [RELEASE_WITHDRAWN] = "ledger.release.withdrawn.v1",
    };
    char subject[REF_SIZE];
    release_ref(release->id, subject);
    json_t *data = json_object();
    json_put_new(data, "reserveRelease", release_row(release));
    return announce(act, types[release->state], subject, data, NULL, NULL, err);
}

bool reserve_left_escalate(struct act *act, int32_t month, struct problem *err)
{
    struct book *book;
    struct reserve_position position;
    char text[MONTH_SIZE], year[MONTH_SIZE], subject[REF_SIZE], title[NAME_SIZE], reason[NOTE_SIZE];
    if (month % 12 != 11) /* M12 */
        return true;
    month_format(month, text);
    memcpy(year, text, sizeof year);
    *strstr(year, "-M") = '\0';
    if (!act_flush(act, err) || !store_book(act, &book, err) ||
        !store_reserve_position(act->tx, year, month, &position, err))
        return false;
    const int64_t left_pence = reserve_releasable(book, &position);
    if (left_pence <= 0)
        return true;
    char left[MONEY_TEXT_SIZE], cap[MONEY_TEXT_SIZE], drawn[MONEY_TEXT_SIZE],
        released[MONEY_TEXT_SIZE];
    money_format(left_pence, left);
    money_format(position.cap_pence, cap);
    money_format(position.drawn_pence, drawn);
    money_format(position.released_pence, released);
    period_ref(month, subject);
    snprintf(title, sizeof title, "%s is closed over an unreleased reserve", year);
    snprintf(
        reason, sizeof reason,
        "Of the reserve of %s for %s, %s was drawn and %s released; %s is left in it, and is to be "
        "released by decision.",
        cap, year, drawn, released, left);
    return event_escalated(act, "ledger.reserve.escalated.v1", subject, title, reason, json_array(),
                           err);
}

static bool event_release_done(struct act *act, const struct book *book,
                               const struct reserve_release *release,
                               const struct transaction *transaction, struct problem *err)
{
    char subject[REF_SIZE];
    release_ref(release->id, subject);
    json_t *data = transaction_data(book, transaction), *links = json_array();
    json_put_new(data, "reserveRelease", release_row(release));
    link_add(links, "decisions/", release->decision_id);
    link_add(links, "ledger/transactions/", release->transaction_id);
    return announce(act, "ledger.release.posted.v1", subject, data, links, release->decision_id,
                    err);
}

/* --- as a subject
 * --------------------------------------------------------------------------------------------- */

bool release_allowed(struct act *act, const struct reserve_release *release, struct book **ret_book,
                     struct problem *err)
{
    struct reserve_position position;
    return book_begin(act, ret_book, err) &&
           store_reserve_position(act->tx, release->year, month_of_day(instant_day(act->now_ms)),
                                  &position, err) &&
           release_check(*ret_book, &position, release, err);
}

static bool release_find(struct act *act, const char *ref, struct reserve_release *ret_release,
                         struct problem *err)
{
    const char *id = ref + strlen(RELEASE_PREFIX);
    if (!uuid_is_valid(id))
        return problem_set(err, PROBLEM_NOT_FOUND, "there is no %s to decide on", ref);
    return store_release_get(act->tx, id, ret_release, err);
}

bool release_describe(struct act *act, const char *ref, const char *effect,
                      struct subject *ret_subject, struct problem *err)
{
    struct reserve_release release;
    struct book *book;
    if (!release_find(act, ref, &release, err))
        return false;
    if (strcmp(effect, "release") != 0)
        return problem_set(err, PROBLEM_RULE_BROKEN, "what is left is released, not '%s'", effect);
    if (!release_draft_check(&release, err) || !release_allowed(act, &release, &book, err))
        return false;
    char amount[MONEY_TEXT_SIZE];
    money_format(release.amount_pence, amount);
    snprintf(ret_subject->kind, sizeof ret_subject->kind, "release-reserve");
    release_ref(release.id, ret_subject->ref);
    snprintf(ret_subject->title, sizeof ret_subject->title, "Release of the reserve of %s",
             release.year);
    snprintf(ret_subject->summary, sizeof ret_subject->summary, "%s to %s, for %s.", amount,
             release.to_account, release.purpose);
    ret_subject->version = release.version;
    ret_subject->content = release_content(&release);
    return true;
}

bool release_carry(struct act *act, const struct carried_decision *decision, struct problem *err)
{
    struct reserve_release release, done;
    struct book *book;
    struct transaction transaction;
    struct posting_terms terms = {.pointer = "", .goes_late = true};
    if (!release_find(act, decision->subject, &release, err) ||
        !release_draft_check(&release, err) || !release_allowed(act, &release, &book, err))
        return false;
    release_transaction_make(&release, &transaction);
    transaction.effective_day = instant_day(act->now_ms);
    transaction.recorded_ms = act->now_ms;
    snprintf(transaction.decision_id, sizeof transaction.decision_id, "%s", decision->id);
    uuid_new(act->now_ms, transaction.id);
    if (!transaction_check(book, &terms, &transaction, err))
        return false;
    transaction_apply(book, &transaction);
    release_end(&release, RELEASE_RELEASED, "", act->now_ms, &done);
    memcpy(done.decision_id, transaction.decision_id, sizeof done.decision_id);
    memcpy(done.transaction_id, transaction.id, sizeof done.transaction_id);
    return event_release_done(act, book, &done, &transaction, err);
}

/* Nobody decided: it is a draft still. Else it was not to be. */
bool release_give_back(struct act *act, const char *ref, const char *outcome, const char *reason,
                       struct problem *err)
{
    struct reserve_release release, after;
    char because[NOTE_SIZE];
    if (!release_find(act, ref, &release, err))
        return false;
    if (release.state != RELEASE_DRAFT || strcmp(outcome, "withdrawn") == 0 ||
        strcmp(outcome, "unopened") == 0)
        return true;
    decision_end_words(outcome, reason, because);
    release_end(&release, RELEASE_REJECTED, because, act->now_ms, &after);
    return event_release_moved(act, &after, err);
}
