/* What a consequence means in each domain until an alliance says otherwise (D2): the five steps
 * from negligible to catastrophic, in one line each. */
#include <stdio.h>

#include "services/risk/rules.h"

static const char *const DESCRIPTORS[CATEGORY_COUNT][FACTOR_MAX] = {
    [CATEGORY_SAFETY] = {"No harm, or harm that needs no treatment.",
                         "Minor harm that needs treatment or up to three more days in hospital.",
                         "Moderate harm, or four to fifteen more days in hospital.",
                         "Major harm that leads to long-term incapacity.",
                         "Death, or irreversible harm to several people."},
    [CATEGORY_QUALITY] = {"One part of a service is below what was agreed, for a short time.",
                          "A service is below what was agreed; an informal complaint.",
                          "A service falls short of a standard repeatedly; a formal complaint.",
                          "A standard is not met in several services; an independent review.",
                          "Unacceptable quality throughout; an inquiry or an inquest."},
    [CATEGORY_WORKFORCE] = {"Staffing is short for less than a day.",
                            "Staffing is short for some days and lowers quality.",
                            "Posts stay empty, and objectives are met late.",
                            "Posts stay empty for long, and objectives become uncertain.",
                            "A service cannot be staffed; objectives are not met."},
    [CATEGORY_STATUTORY] = {"No breach, or one without consequence.",
                            "A breach of a duty that leads to a recommendation.",
                            "A single breach that leads to a challenging recommendation.",
                            "Several breaches; enforcement action or an improvement notice.",
                            "Prosecution, or a service is suspended or taken over."},
    [CATEGORY_REPUTATION] = {"Rumours; no interest of the public.",
                             "Local press for a short time; little effect on trust.",
                             "Local press for long; trust is lowered.",
                             "National press for less than three days.",
                             "National press for longer; questions in Parliament."},
    [CATEGORY_OBJECTIVES] = {"Barely noticeable delay or loss of scope.",
                             "Less than 5% over budget or beyond the plan.",
                             "5% to 10% over budget or beyond the plan.",
                             "10% to 25% over budget; a key objective is not met.",
                             "More than 25% over budget; key objectives are not met."},
    [CATEGORY_FINANCE] = {"A small loss.", "A loss of up to a quarter of a percent of the budget.",
                          "A loss of a quarter to half a percent of the budget.",
                          "A loss of half a percent to one percent of the budget.",
                          "A loss of more than one percent of the budget."},
    [CATEGORY_SERVICE] = {"A service is interrupted for more than an hour.",
                          "A service is interrupted for more than eight hours.",
                          "A service is interrupted for more than a day.",
                          "A service is interrupted for more than a week.",
                          "A service or a site is lost for good."},
    [CATEGORY_ENVIRONMENT] = {"Minimal effect on the environment.",
                              "A minor effect on the environment.",
                              "A moderate effect on the environment.",
                              "A major effect on the environment.",
                              "A catastrophic effect on the environment."},
};

void descriptors_default(struct criteria *ret)
{
    for (int i = 0; i < CATEGORY_COUNT; i++)
        for (int k = 0; k < FACTOR_MAX; k++)
            snprintf(ret->descriptors[i][k], NAME_SIZE, "%s", DESCRIPTORS[i][k]);
}
