"""Which of several names a hook is run for."""

from here import Place, hook, play, require


class Names(Place):
    """A directory with a recording hook for each of two names, and one that cannot be run."""

    def __init__(self):
        super().__init__()
        self.log = self.scratch / "log"
        self.hooks = self.scratch / "names"
        self.hooks.mkdir()
        for name in ("www.example.org", "api.example.org"):
            script = self.hooks / name
            script.write_text(f'#!/bin/sh\necho "{name} $OSTRAKON_EVENT" >>{self.log}\n')
            script.chmod(0o700)
        (self.hooks / "notes.txt").write_text("no hook\n")

    def run(self, event, name, fails=False):
        self.log.write_text("")
        hook("by-name", [str(self.hooks)], {"event": event, "name": name}, fails=fails)
        return self.log.read_text().splitlines()


def one(scene):
    """The hook of that name alone is run"""
    require(scene.run("takeover", "www.example.org") == ["www.example.org takeover"], "not it")
    require(scene.run("release", "api.example.org") == ["api.example.org release"], "not it")


def nobodys(scene):
    """A name without a hook, or whose file is none, is nobody's business"""
    for name in ("other.example.org", "notes.txt", "..", "."):
        require(scene.run("takeover", name) == [], f"{name} was run")


def every(scene):
    """An unfit member lets go of all names, whatever becomes of one"""
    (scene.hooks / "api.example.org").write_text("#!/bin/sh\nexit 3\n")
    require(scene.run("neuter", "", fails=True) == ["www.example.org neuter"], "not all")


if __name__ == "__main__":
    play(Names, [one, nobodys, every])
