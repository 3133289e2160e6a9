"""The records and their rules, in wings from the ground up; each knows only those before it.

    engine   the database, units, SQL, clock, audit      reading  what a sentence means: who, where, when, how much
    people   areas, persons, their chats, permissions    alerts   reports and what becomes of them
    post     inbox, outbox, what arrived, questions      desk     lists, figures, staff, privacy
    duty     courts, shifts, leave, the ladder           imports  clerks' files in, and back out
    cases    cases, debtors, who follows them

`noun` is what a noun says of itself, `nouns` finds them all, `opening` opens the database.

A *unit* is one transaction. A *sighting* is what an official said; a *suspect* who may be meant; an *alert* one judge's
task out of it; a *recipient* who holds a card of it. A *rung* is a step of the
ladder, a *delivery* a message on a phone.
"""
