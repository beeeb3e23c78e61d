"""The words of the convoy leader's page, in the language of this run."""

from __future__ import annotations

from dashboard.languages import LANGUAGES, _, direction, language, use_language


def words_of_all() -> dict[str, dict[str, str]]:
    """Give the words in all languages: the page changes its language without a network."""
    before = language()
    found = {}
    for one, own_name in LANGUAGES.items():
        use_language(one)
        found[one] = {"own_name": own_name, "direction": direction(one), **words()}
    use_language(before)
    return found


def words() -> dict[str, str]:
    """Give every word of the page by its key."""
    return {
        "title": _("Convoy"),
        "language": _("Language"),
        "departs": _("Leaves"),
        "valid_until": _("This page can report until"),
        "replaced": _("There is a newer plan. Ask the crisis cell whether this one still holds."),
        "ended": _(
            "This link has ended or was withdrawn. Ask the crisis cell for a new one. "
            "What you wrote is kept on this phone; or send the code as a text message."
        ),
        "offline": _("No network. Go on: everything is kept on this phone and sent later."),
        "waiting": _("Waiting to be sent"),
        "all_sent": _("Everything was sent."),
        "last_sent": _("Last heard by the crisis cell"),
        "not_kept": _(
            "This page cannot be opened again without a network: leave it open. "
            "(It was not loaded by https.)"
        ),
        "kept": _("This page opens without a network."),
        "no_storage": _(
            "This browser keeps nothing: do not close the page before everything was sent."
        ),
        "stops": _("Stops"),
        "arrives": _("Arrives"),
        "arrived": _("Arrived"),
        "delivered": _("Delivered …"),
        "refused": _("Refused …"),
        "on_the_way": _("On the way"),
        "blocked": _("Road blocked here …"),
        "position": _("Send my position"),
        "incident": _("Incident …"),
        "sos": _("Help is needed …"),
        "follow": _("Send my position every 10 minutes while this page is open"),
        "quantity_of": _("Handed over: {item}"),
        "planned": _("planned"),
        "receiver": _("Taken over by (role, no name)"),
        "choose": _("choose"),
        "community": _("Representative of the community"),
        "association": _("Local association"),
        "authority": _("Authority"),
        "health": _("Health post"),
        "school": _("School"),
        "household": _("Household"),
        "signature": _("Signature (optional)"),
        "wipe": _("Wipe"),
        "code": _("Code of the receiver (optional)"),
        "scan": _("Read the code with the camera"),
        "scan_failed": _("No code was seen. Type it, or try again closer."),
        "note": _("Note (no names)"),
        "what_refused": _("What was refused?"),
        "km": _("or the kilometre of the sheet"),
        "who_cannot": _("Who cannot pass? (nobody chosen: nobody can)"),
        "truck": _("Truck"),
        "pickup": _("Pickup (4x4)"),
        "mule": _("Mule"),
        "foot": _("On foot"),
        "photo": _("Photo (optional)"),
        "photo_failed": _("This picture cannot be read."),
        "finding": _("Finding where you are …"),
        "found": _("Position found, exact to {m} m"),
        "not_found": _("The position was not found. Go under the open sky, or give the kilometre."),
        "save": _("Keep and send"),
        "cancel": _("Cancel"),
        "needs_place": _("A position or a kilometre is needed."),
        "needs_receiver": _("Say who took it over."),
        "needs_goods": _("Say how much, or choose “Refused”."),
        "needs_choice": _("Choose what was refused."),
        "needs_note": _("Say in a few words what happened."),
        "your_reports": _("Your reports"),
        "none_yet": _("None yet."),
        "state_waiting": _("waits"),
        "state_sent": _("sent"),
        "state_refused": _("not accepted"),
        "take_back": _("Take back"),
        "forget": _("Remove"),
        "by_text": _("As a text message"),
        "loading": _("Loading …"),
        "no_data": _("The page could not be loaded yet. Try again with a network."),
        "stop": _("Stop"),
    }


#: How the same is said by text message (`data.intake.reply`), where a phone has no data.
CODES = {"arrived": "ARR", "delivered": "OK", "refused": "REF", "blocked": "BLK", "sos": "SOS"}
