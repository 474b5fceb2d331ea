"""Break-glass shells: real logins through a real sshd."""

import os
import subprocess
import tempfile

from harness import Agent, LiveTest, Sshd

RULE = "Break-Glass Shell on Node"


class BreakGlassShell(LiveTest):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent().__enter__()
        cls.addClassCleanup(cls.agent.__exit__, None, None, None)
        cls.sshd = Sshd().__enter__()
        cls.addClassCleanup(cls.sshd.__exit__, None, None, None)

    def login_alert(self):
        before = len(self.agent.find(rule=RULE))
        self.sshd.login(["tty"])
        while len(self.agent.find(rule=RULE)) <= before:
            self.agent.wait_for(rule=RULE)
            if len(self.agent.find(rule=RULE)) > before:
                break
        return self.agent.find(rule=RULE)[before:]

    def test_an_interactive_login_is_an_alert(self):
        alerts = self.login_alert()
        alert = alerts[0]
        fields = alert["output_fields"]
        self.assertEqual(alert["source"], "syscall")
        self.assertEqual(fields["user.name"], "root")
        self.assertEqual(fields["container.id"], "host")
        self.assertIn(fields["proc.name"], ("bash", "sh", "dash", "zsh"))
        self.assertIn("sshd", alert["output"])
        self.assertNotEqual(fields.get("proc.tty"), 0)

    def expect_silence(self, action):
        before = len(self.agent.find(rule=RULE))
        action()
        alerts = self.login_alert()  # the sentinel
        self.assertEqual(len(self.agent.find(rule=RULE)) - before, len(alerts), "only the sentinel's login")
        for alert in alerts:
            self.assertNotEqual(alert["output_fields"].get("proc.tty"), 0)

    def test_a_command_without_a_shell_for_people_is_no_alert(self):
        self.expect_silence(lambda: self.sshd.run("true"))

    def test_a_command_with_a_terminal_is_no_alert(self):
        self.expect_silence(lambda: self.sshd.run("true", tty=True))

    def test_scp_is_no_alert(self):
        with tempfile.TemporaryDirectory() as directory:
            for legacy in (False, True):
                with self.subTest(legacy=legacy):
                    self.expect_silence(
                        lambda: self.sshd.scp("/etc/hostname", os.path.join(directory, "copy"), legacy=legacy)
                    )

    def test_a_shell_that_did_not_come_over_ssh_is_no_alert(self):
        self.expect_silence(lambda: subprocess.run(["script", "-qc", "sh -i -c true", "/dev/null"], check=True,
                                                   stdin=subprocess.DEVNULL, capture_output=True))
