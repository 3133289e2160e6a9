"""What words without a clear name have to do with a report that is still running: do they go on about it? Pure.

Where it is sure, they go along or stand for themselves; where it isn't, they go along and are marked: a judge on the
road rather reads one sentence too many.
"""

import re
from enum import StrEnum

from storage.engine.text import heard
from storage.reading.mention import SURNAMES


class Bearing(StrEnum):
    """How words stand to the report before them."""

    GOES_ON = "goes_on"
    UNSURE = "unsure"
    APART = "apart"
    """A lead of its own: another name, another vehicle."""
    IDLE = "idle"
    """A greeting, a question, an interjection: they are answered, and ring nobody."""


_KIN = "(?:哥哥?|姐姐?|叔叔?|伯伯?|婶|嫂子?|弟弟?|妹妹?|爷爷?|公|婆|佬|总|老板|师傅|老师|书记|主任|村长|医生)?"
_WHEN = "(?:刚刚?|刚才|又|也|已经|今天|昨天|昨晚|早上|上午|下午|晚上|现在|正|还|好像|可能)*"
_ARRIVED = "(?:回来|回村|回家|到家|在家|来了|出现|露面|现身|返来|在[^,，。]{1,8})"
_NOBODY = (
    "(?:我们?|你们?|他们?|她们?|它|咱们?|人家?|自己|谁|大家|车子?|东西|孩子|小孩|老婆|老公|儿子|女儿|家人|家里|对方"
    "|刚才|刚刚|现在|今天|明天|好像|可能|一个|有个|那个|这个|又|还|已经?|正|就|都|再|马上|方向|向|于是|江|高速|路|黄色|白色|金色|打|快递|外卖|客人|亲戚|领导|信号)"
)
_ANOTHER = re.compile(
    rf"^[,，。!！ ]*(?!{_NOBODY})(?P<name>[\u4e00-\u9fff]{{2,4}}?){_KIN}{_WHEN}{_ARRIVED}(?:了|啦|咯|喽|呢|哦|啊)?"
)
_NAMED = re.compile(
    rf"^[,，。!！ ]*(?!{_NOBODY})(?P<name>[\u4e00-\u9fff]{{2,3}})"
    rf"{_KIN}{_WHEN}(?:在|又|从|到|往|开|骑|坐|来|回|去|走|和|跟)"
)
_VEHICLE = re.compile(
    "(?:来|有|停|看到|看见|多)了?(?:着|过)?[^,，。]{0,4}?(?:辆|部|台)[^,，。]{0,8}"
    "(?:车|奥迪|宝马|奔驰|大众|丰田|本田|比亚迪|特斯拉|奔腾|皮卡|摩托|面包)"
)
_HIS = re.compile("他|她|那人|此人|对方|这人|人(?:还|又|已|刚|就|正|往|在|走|跑|上|下|要|不)")
_CONTINUES = re.compile(
    "走|跑|上车|下车|出门|出去|出来|进|往|离开|要走|溜|开车|开着|骑|坐|到了(?!吗)|还在|没走|不见|停在|等着"
    "|穿|戴|衣|裤|帽|鞋|外套|夹克|背包|眼镜|口罩|头发|胡子|[红黄蓝绿黑白灰紫]色?(?:的|衣|外|车|帽)"
    "|在[^,，。]{1,8}|村口|路口|门口|楼上|楼下|隔壁|方向|对面|后门|店里|家里|晒谷场|祠堂"
    "|分钟|小时|[0-9一二三四五六七八九十]+点|半小时|马上要|准备|打算|吃饭|打牌|喝酒|睡觉|抽烟|打电话|说话|吵|一个人|两个人|老婆|儿子|家人|同伙|朋友"
    "|车牌|尾号|面包车|轿车|货车|摩托|电瓶车|三轮"
)
_IDLE = re.compile(
    r"^(?:喂+|在吗|在不在|你好|您好|早|早上好|上午好|下午好|晚上好|好+的?|行|可以|嗯+|哦+|噢|ok|收到|知道了?|晓得了?|明白了?|没事|谢谢?|多谢|辛苦了?|麻烦了?|马上|稍等|等等|等一下|是的?|对的?|不是|哈+|呵+|拜托了?|请回复|收到请回复"
    r"|(?:老|小|阿)?[\u4e00-\u9fff]{1,3}(?:你|您)好|法官(?:好|您好|同志)?)+[,，。.!！~ 啊呀哦呢吧的了]*$",
    re.I,
)
_PLACE_FIRST = re.compile("[,，。 ]*(?:我们|咱们)?(?:这|那)?(?:村|社区|小区|镇|乡|厂|路|门|桥|街|晒谷场|祠堂)")
_PRESSING = re.compile("刀|砍|打人|打起来|救命|流血|着火|要跑|想跑|快跑|逃|快点|快来|赶紧|赶快|抓紧|来不及")
_ASKS = re.compile("[?？]|吗|呢[,，。!！]*$|什么时候|几点|多久|到哪|怎么样|有没有|是不是|能不能|可不可以|谁")


def bearing_of(text: str, *, asks: bool) -> Bearing:
    """Judges words that name nobody who is known. `asks`: they were read as a question."""
    plain = heard(text)
    his, goes_on = _HIS.search(plain), _CONTINUES.search(plain)
    if _IDLE.match(plain.replace(" ", "")):
        return Bearing.IDLE
    if not his and names_somebody(plain):
        return Bearing.APART
    if not his and _PLACE_FIRST.match(plain) and _VEHICLE.search(plain):
        return Bearing.APART
    if _PRESSING.search(plain):
        return Bearing.GOES_ON
    if asks or _ASKS.search(plain):
        return Bearing.GOES_ON if his and goes_on else Bearing.UNSURE if his or goes_on else Bearing.IDLE
    if his or goes_on:
        return Bearing.GOES_ON
    return Bearing.UNSURE


def names_somebody(text: str) -> bool:
    """Tells whether the words begin with what is somebody's name: 永富哥回来啦, 杨建国在地里干活."""
    if match := _NAMED.match(text):
        name = match["name"]
        if name[0] in SURNAMES and name[0] not in "和从在有到":
            return True
    arrived = _ANOTHER.match(text)
    return arrived is not None and not arrived["name"].endswith(("的", "了", "在", "也", "又", "车", "人"))


def says_who_came(text: str) -> bool:
    """Tells whether the words say, and say nothing else, that somebody is back: what nobody can read goes up."""
    plain = heard(text)
    match = _ANOTHER.match(plain)
    rest = re.sub("[,，。.!！~ ]", "", plain[match.end() :]) if match else "-"
    return match is not None and not rest and names_somebody(plain) and not _ASKS.search(plain)
