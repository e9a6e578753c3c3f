"""What may go wrong, played on a real cluster by `deploy/demo/run --scenario NAME`."""

import json
import shutil
import time
from datetime import datetime
from pathlib import Path

from renewal import put_certificate, watch_certificates
from story import Wrong

OPERATOR = "anna"
NAME = "helios.example"
RECORD_S = 75  # for a record of 36 ticks of half a second; the rest is for a busy machine


def all_perfect(story, names):
    """Whether each of them has three (shortened) minutes of perfect health behind it."""
    ticks = story.cluster.facts["timing"]["record_ticks"]
    return all(item is not None and item["record_ticks"] >= ticks
               for item in (story.member(name, name) for name in names))


def goes_on(story, seconds=30):
    before = story.settled_until()
    story.claim("windows go on being settled",
                lambda: story.settled_until() > before, seconds)


def make_helios_lead(story, key):
    for name in ("atlas", "selene"):
        story.order("argus", key, "drain", name)
    story.claim("helios leads", lambda: story.leads("helios"), 20)
    for name in ("atlas", "selene"):
        story.order("argus", key, "undrain", name)


def corrupt_helios(story):
    """Memory goes bad under the leader."""
    grant = story.grant()
    others = story.others("helios")
    mark = story.mark("helios")
    story.tell("a bit turns in the memory in which helios decides")
    story.flip_state("helios", 5)
    story.claim("every other member has helios neutered",
                lambda: story.all_show("helios", ["neutered"], others), 1.5)
    line = story.claim("helios itself says what is wrong",
                       lambda: story.said("helios", "OST-1301", mark), 2)[0]
    story.tell(line.split("msg=")[-1])
    story.claim("its grant is with another, under a higher fence",
                lambda: story.leads(*others)
                and int(story.grant()["fence"]) > int(grant["fence"]), 5)
    story.require(all(story.all_show(name, ["good"], others) for name in others),
                  "nobody else has lost anything")
    story.claim("it has let go of its name helios.example",
                lambda: story.serving(NAME) != ["helios"], 3)
    story.claim("a witness serves under helios.example in its place, alone",
                lambda: story.serving(NAME) in (["argus"], ["themis"]), 12)
    goes_on(story)


def helios_insists(story, home):
    """Restarted, its latches deleted, its old key put back: what the incident began with."""
    others = story.others("helios")
    story.tell("helios is started again")
    story.cluster.restart("helios")
    story.claim("helios says that it is neutered",
                lambda: any(reason["code"] == "OST-1302" for reason in story.reasons("helios")),
                10)
    story.tell("somebody deletes both its latches, and copies its old key back from a backup")
    story.cluster.stop("helios")
    for latch in ("latch", "latch.d/latch"):
        (home / latch).unlink()
    shutil.copy2(home / "backup.pem", home / "vote.pem")
    mark = story.mark("helios")
    story.cluster.start("helios")
    story.claim("helios only follows: the chain has not forgotten",
                lambda: story.said("helios", "OST-1302", mark), 10)
    goes_on(story)
    story.require(story.all_show("helios", ["neutered"], others)
                  and not story.leads("helios"), "helios is what it was: neutered")


def repair_helios(story, key):
    """A person has looked: the way back."""
    story.tell("the memory is replaced: ostrakon clear tests helios, and gives it a new key")
    story.cluster.stop("helios")
    code, text = story.run("clear", "--new-key", "--memory", "64", "--json", "--config",
                           story.cluster.members["helios"].config)
    if code != 0:
        raise Wrong(f"ostrakon clear: exit code {code}: {text}")
    new_key = json.loads(text)["vote_key"]
    story.cluster.start("helios")
    height = story.order("argus", key, "admit", "helios", new_key)
    story.tell(f"an operator has admitted it, at height {height}")
    story.claim("helios has appealed, and is in good standing everywhere",
                lambda: story.all_show("helios", ["good"]), 20)
    story.claim("after as many perfect ticks as anybody needs it has its ballot again",
                lambda: all_perfect(story, ["helios"]), RECORD_S)
    story.claim("the witness has given helios its name back",
                lambda: story.serving(NAME) == ["helios"], 15)
    goes_on(story)


def helios(story):
    """The incident: helios leads, its memory lies, it is put out, insists, and comes back"""
    home = Path(story.cluster.members["helios"].dir)
    key = story.cluster.directory / "operators" / f"{OPERATOR}.pem"
    shutil.copy2(home / "vote.pem", home / "backup.pem")
    story.claim("all members have a perfect record",
                lambda: all_perfect(story, story.cluster.members), RECORD_S)
    story.claim("helios serves under its name, helios.example",
                lambda: story.serving(NAME) == ["helios"], 10)
    make_helios_lead(story, key)
    corrupt_helios(story)
    helios_insists(story, home)
    repair_helios(story, key)


def partition(story):
    """The leader is cut off, then both witnesses: who has no quorum decides nothing"""
    grant = story.claim("somebody leads", story.grant, 20)
    leader = grant["holder"]
    others = story.others(leader)
    story.tell(f"the cable of {leader}, which leads, is pulled")
    story.net.cut(leader)
    story.claim(f"{leader} knows that it hears no quorum",
                lambda: (story.cluster.status(leader) or {}).get("state") == "no_quorum", 4)
    story.claim("another leads, under a higher fence",
                lambda: any(view["grant"] and int(view["grant"]["fence"]) > int(grant["fence"])
                            for view in map(story.cluster.status, others) if view), 5)
    height = story.cluster.status(leader)["height"]
    goes_on(story)
    story.require(story.cluster.status(leader)["height"] == height, f"{leader} decides nothing")
    story.net.join(leader)
    story.claim("all are at the same height again", lambda: heights_are_near(story), 15)
    two_and_three(story)


def heights_are_near(story):
    views = story.cluster.statuses()
    heights = [view["height"] for view in views.values()]
    return len(heights) == len(story.cluster.members) and max(heights) - min(heights) <= 1


def two_and_three(story):
    story.tell("both witnesses are cut off from the three front nodes")
    story.net.cut("argus", "themis")
    story.claim("all five say that there is no quorum",
                lambda: all(view["state"] == "no_quorum"
                            for view in story.cluster.statuses().values()), 5)
    heights = {name: view["height"] for name, view in story.cluster.statuses().items()}
    time.sleep(3)
    story.require(heights == {name: view["height"]
                              for name, view in story.cluster.statuses().items()},
                  "nobody decides anything")
    story.net.join("argus", "themis")
    story.claim("all are at the same height again", lambda: heights_are_near(story), 15)
    goes_on(story)


def framed(story):
    """A good member whom two do not hear stays; cut off from all, it goes, and comes back"""
    story.claim("all members have a perfect record",
                lambda: all_perfect(story, story.cluster.members), RECORD_S)
    others = story.others("selene")
    story.tell("atlas and argus do not hear selene any more, and it does not hear them")
    for name in ("atlas", "argus"):
        story.net.lose(name, "selene")
        story.net.lose("selene", name)
    time.sleep(10)
    story.require(story.all_show("selene", ["good"]), "selene is in good standing everywhere")
    for name in ("atlas", "argus"):
        story.net.find(name, "selene")
        story.net.find("selene", name)
    story.claim("the others have a perfect record, and so a ballot",
                lambda: all_perfect(story, others), RECORD_S)
    story.tell("the cable of selene is pulled")
    story.net.cut("selene")
    story.claim("the others have suspended selene, which has done nothing wrong",
                lambda: story.all_show("selene", ["suspended"], others), 18)
    story.net.join("selene")
    story.claim("selene has appealed, and is in good standing everywhere",
                lambda: story.all_show("selene", ["good"]), 15)
    taken = back_after(story, "argus", "selene")
    story.require(taken is not None and taken <= 3.0,
                  f"the electors reinstated it {taken} s after its appeal, by the chain's time")
    goes_on(story)


def back_after(story, at, name):
    """Seconds from a member's last appeal to its return, as another's log has the blocks."""
    items = story.log(at, name)
    appeals = [item for item in items if item["code"] == "OST-2207"]
    returns = [item for item in items if item["code"] == "OST-2101"
               and "reinstated" in item["message"]]
    if not appeals or not returns:
        return None
    begun, ended = (datetime.fromisoformat(found[-1]["time"]) for found in (appeals, returns))
    return round((ended - begun).total_seconds(), 2)


def certificates(story):
    """The certificate night: a renewal reaches one front node of three"""
    def named(at):
        return any(reason["code"] == "OST-7210" and "helios" in reason["text"]
                   for reason in story.reasons(at))
    story.claim("all members have a perfect record",
                lambda: all_perfect(story, story.cluster.members), RECORD_S)
    story.tell("a new certificate is put on helios alone")
    put_certificate(story.cluster, "helios", "new")
    story.claim("every member's status names who has not the certificate of helios",
                lambda: all(named(name) for name in story.cluster.members), 70)
    text = next(reason["text"] for reason in story.reasons("argus")
                if reason["code"] == "OST-7210")
    story.tell(text)
    story.require(all_perfect(story, story.cluster.members), "nobody has lost its ballot")
    goes_on(story)
    story.tell("the certificate is put on atlas and selene, too")
    for name in ("atlas", "selene"):
        put_certificate(story.cluster, name, "new")
    story.claim("nothing is left to be said",
                lambda: not any(named(name) for name in story.cluster.members), 70)


# Name -> (the story, what is made ready before the agents start, whether cables are needed)
SCENARIOS = {
    "helios": (helios, None, False),
    "framed": (framed, None, True),
    "partition": (partition, None, True),
    "certificates": (certificates, watch_certificates, False),
}
