"""What people type instead of a command: the words of the menu, and what they would say to a colleague."""

import re

import locales
from handlers.context import Turn
from handlers.route import COMMANDS, MENU, carry_out, forget_waiting
from storage.duty import court
from storage.engine.text import fold
from storage.people.access import may
from storage.post import question
from storage.post.question import QuestionKind

_WHEN = "[下这本个周星期礼拜一二三四五六日天末到至、和及今明后上午晚0-9月号-]{2,20}"
_SAID: dict[str, str] = {
    "duty": r"(?!.*(?:谁|吗|[?？])).{2,40}(?:值班|带班)|"
    r"(?:请问|查一下|看看)?(?:现在|今天|今晚|明天|这周)?(?:是)?谁在?值班|值班(?:表|安排)?(?:是?谁)?",
    "leave": r"(?!.*(?:回来|回村|在家|在村|看到|吗|谁|[?？])).{0,30}(?:请|休)[^,，。]{0,6}假.{0,30}|.{0,20}出差.{0,30}"
    r"|(?:我|本人)?销假|休假"
    rf"|(?!.*(?:他|她|被执行|债务人|申请人))(?:{_WHEN}我|我{_WHEN}).{{0,10}}(?:培训|学习|开会|休假|调休|体检|不在|外出).{{0,40}}"
    r"|.{0,4}我?(?:不(?:用|要)?(?:请|休)假|取消(?:请|休)?假|(?:请|休)假取消)了?",
    "help": r"(?:这个|我)?(?:不会用|不知道怎么用|不会弄|怎么弄|怎么用|怎么操作|怎么报)(?:怎么办|的)?"
    r"|帮助|怎么用|使用说明|说明书?|教程|菜单|功能|help|能做什么|你能做什么",
    "quiet": r"免打扰(?:时间|设置)?(?:\s*[\d:点到至\-–— ]*|\s*关|\s*取消)|(?:夜里|晚上)?不要打扰我?",
    "invite": r"(?:请人加入|邀请)[,， ]*(?!加入).{2,20}|(?:请|邀请|拉|加)(?:个|一个)?人(?:加入|进来)?|邀请(?:加入)?",
    "push": "(?:短信|钉钉|微信|邮件)?(?:提醒|叫我)(?:方式|设置)?",
    "cancel": "取消|算了",
    "pending": "(?:还)?没人(?:应|应答|管|理)的?(?:线索)?",
    "mine": "我(?:报|上报|反映)过的?|我的(?:报告|上报|线索)",
    "lang": "语言|language",
    "lead": r"(?:线索|lead)\s*#?\d{1,9}(?:号)?|\d{1,9}号线索",
    "import": "(?:怎么)?导入(?:案件|人员|名单|值班表?|表格)?|撤销导入",
    "me": "我是谁|(?:我)?换(?:了)?手机(?:了)?(?:怎么[弄办])?|退出登[记录]",
    "stats": "(?:本月|这个月|上个?月|本周|这周|上周|这?个?星期|今天|昨天|今年|去年)?的?(?:数字|统计|数据|情况统计)",
}
"""How each is said, whole. What has words of its own, such as when the leave is, keeps them."""
_ASKS_PHONE = re.compile(
    "(?:[\u4e00-\u9fff]{1,3}法官的?)?(?:请问|你们|法院|值班|的)*电话(?:号码)?(?:是|有|打)*(?:多少|几号|什么|哪个)?"
)
_ROSTER = re.compile("(?!.*谁)(.{2,40})(值班|带班)")
_ASKS_DUTY = re.compile("(?:请问|查一下|看看|现在|今天|今晚|明天|这周|本周|下周)+值班")


async def take(turn: Turn, text: str, *, reports: bool) -> bool:
    """Tells whether the words were a command's: one of the menu, one as people say it, or those that a command waited
    for. Where the person `reports`, what may be a report is one."""
    said = fold(text).strip("。.!！?？ ")
    name = named(turn, said)
    if name:
        await forget_waiting(turn)
        await carry_out(turn, name, _words(name, said))
        return True
    if _ASKS_PHONE.fullmatch(said):
        await turn.say("help.court_phone", phone=await court.phone_of(turn.who.area_code))
        return True
    for row in [] if reports else await turn.questions(QuestionKind.COMMAND):
        await question.close(row.id)
        if may(turn.who, COMMANDS[row.command]):
            await carry_out(turn, row.command, text.strip())
            return True
    return False


def named(turn: Turn, said: str) -> str:
    """Finds the command that the words are, of those that the person has; empty where they are none."""
    mine = [name for name in MENU if may(turn.who, COMMANDS[name])]
    for name in mine:
        if any(said == locales.plain(language, f"help.menu_{name}") for language in locales.LANGUAGES):
            return name
    return next((name for name, words in _SAID.items() if name in mine and re.fullmatch(words, said, re.I)), "")


def _words(name: str, said: str) -> str:
    """Returns what is said beside the command's name: 明天请假 says when, 下周末郑雅芳值班 who and when."""
    if name == "duty" and (roster := _ROSTER.fullmatch(said)) and not _ASKS_DUTY.match(said):
        return f"设 {roster[1]} {roster[2]}"
    if name == "invite" and (whom := re.fullmatch("(?:请人加入|邀请)[,， ]*(?!加入)(.{2,20})", said)):
        return whom[1]
    if name == "lead":
        return re.sub(r"\D", "", said)
    if name == "stats":
        return re.sub("的?(?:数字|统计|数据|情况统计)$", "", said)
    if name not in ("leave", "quiet") or re.search("[不消]了?(?:用|要)?(?:请|休)?假", said):
        return ""
    return said if re.sub("我|本人|想|要|需要|请假|休假|出差|免打扰|销假", "", said).strip() else ""
