"""What a message tells of besides who: what goes on, where, and whether it may end soon. Pure; texts are folded."""

import re
from collections.abc import Iterable, Sequence

_SETTLE = re.compile(
    r"和解|还[款钱清]|想还|愿意|同意|[讲说]好[^,，。]{0,6}[还付分]|凑[\u4e00-\u9fa5\d]{1,3}万|钱不要了|分[\u4e00-\u9fa5\d]年|分期|[还付走]了?[\u4e00-\u9fa5\d.]{1,4}[万千元块]|就还|钱还了|利息|先还|(一定|肯定|保证|答应)[^,，。]{0,3}还|交钱|慢慢还|还光|保证书|拿[一二两三四五六七八九十百\d.]+[万千百][\u4e00-\u9fa5]{0,2}出来|[付还]掉|[付还]清|还[账债给]|汇过去|打[^,，。]{0,8}(账户|账上|法院)|[还付]行不行|次付|拿[\u4e00-\u9fa5]{0,4}出来还|送来[一二两三四五六七八九十\d]+[百千万]"
)
_PROPERTY = re.compile(
    r"(?<![外买])卖(?!部)|挂出去|能卖|仓库|冷库|设备|机器|破碎机|拆迁|补偿款|收入|门票|订满|扫的|蜂箱|新买|买了|新换|封条|盘给|转让|欠他|在拉|补贴|一批货|打在|装车|装货|装柜|拉走|拉到|往外搬|往车上|租出去|租给|合伙|接单|抵给|挂着卖|工钱|工资|生意|收了[\u4e00-\u9fa5\d]{1,4}[百千万]|换了块牌|抽头|收进来|贩子|起捕|[几两一二三四五六七八九十百千万\d]多?[箱袋斤吨]|现金|包给|定金|起货|出货|集装箱|抖音|直播|过户|挪到|藏起来|起鱼|拖走|押给|抵押|压着|大卡车|还在装|发走|车等着|堆在|出栏|[到收]了一笔|在拆|收割"
)
_EARNS = re.compile(r"开了家|开了个|生意[\u4e00-\u9fa5]{0,3}好|赚|挣|收入|承包费|存折|(?<!讨)工资")
"""What brings somebody money, wherever they are."""
_VEHICLE = re.compile(r"车(停|走|在|从|开)|开了?(辆|着|车)|停(在|着)?|[A-Z0-9]{5,8}|那辆|尾号|没上牌|在加油|刚过")
_FUTURE = re.compile(r"明天|后天|下(个)?(月|周|星期|礼拜)|过两天|过几天|月底|年底|要回来")
_PAST = re.compile(r"昨(天|日|晚|夜)|前(天|日)|上(个)?(月|周|星期|礼拜)|上午还|听说|据说|好像听|听人|听讲")
_NOW = re.compile(
    r"快来|赶紧|马上|正在|偷偷|今晚|今(天)?夜|半夜|等下|装车|装货|在出货|在起货|发走|车等着|车(子)?(都|已经)到|往外搬|往车上|在拉|在拆|现在(又|就|都|还)?在|被撕|不来就"
)
_SORTS = (
    "店|厂|库|民宿|宾馆|酒店|网吧|酒吧|茶室|棋牌室|场|馆|医院|卫生院|院子|车站|站|桥|铺|办公室|祠堂|宗祠|公祠|村委会|祠|庙|庵|寺|教堂|会堂|礼堂"
    "|凉亭|亭|小学|中学|学校|派出所|银行|超市|公司|老屋|屋|村委|村部|大楼|楼|家|路口|村口|桥头|码头|渔港|农家乐|高速|大棚|[\u4e00-\u9fa5]塘|村部|合作社|信用社|供销社|院|摊|棚|工地|矿|水库|树下|[车银]行|弄堂|弄|巷子|老街|街|活动室|[\u4e00-\u9fa5]坪|机埠|埠头|卡口|敬老院|养老院|服务站|弄口"
)
"""What kind of a thing a place is: the last word of 竹制品厂, 老车站, 文翰公祠."""
_SIDES = (
    "(?:里面?|外面?|上|下|边上?|旁边|对面|隔壁|附近|[东西南北]头|里头|外头|前面?|后面?|门口|后门|前门|大门|楼上|楼下)"
)
_HAN = "[A-Z\u4e00-\u9fa5]"
_AT = re.compile(
    "(?:正在|人在|就在|还在|都在|停在|躺在|坐在|站在|蹲在|住在|躲在|(?<!现)在|停到|停|刚到|跑到|搬到|换到|躲到|刚进|进了|走进|到)"
    "(?!拉|卖|拆|给|做|办|打|喝|吃|下|看|不|收|加油(?!站)|偷|他|她|那|这|里|外)"
    f"({_HAN}{{0,8}}?(?:{_SORTS}){_SIDES}?|{_HAN}{{1,7}}?{_SIDES}|[前后大]门|门口)"
    "(?!们|员|长|老板|村|两|俩|兄弟|爷|父|姐|妹|人)"
)
"""在…: a place that ends as places do."""
_AT_ANY = re.compile(
    "(?:正在|人在|就在|还在|停在|躺在|坐在|站在|住在|搬到|换到|拉到|刚到|(?<!现)在|停到|停|去|到)"
    "(?!拉|卖|拆|给|做|办|打|喝|吃|下|看|不在|收|加油(?!站)|偷|他|她|那|这|里|外|了|修|洗|摘|搬|装|砍|钓|等|陪|接|送|帮|跟|和|讲|说|睡|玩|唱|听|挖|种|喂|杀|烧|谈|数)"
    f"({_HAN}{{1,7}}?)(?=里?(?:打|喝|吃|下棋|下象|买|卖|看|坐|洗|修|钓|等|谈|听|砍|喂|砌|直播|出摊|收|发|串|充|杀|盖|烫|装|数|摆|拿|领|做|带|拉|炒|采|割|种|挖|理|教|开|去"
    "|给|跟|和|帮)|[,，。.!！;；]|$|了)"
)
"""在…: any other, up to what is done there or to the end."""
_FROM = re.compile(f"(?:从|刚过|路过)({_HAN}{{0,6}}?(?:{_SORTS}){_SIDES}?|[前后大]门)")
_AT_DOOR = re.compile(f"({_HAN}{{2,6}}?)那[户家](?:人家)?(?:有人|灯|的?门|开着|的?人)")
"""老街弄堂那户有人."""
_PLACE_FIRST = re.compile(
    f"(?:^|[,，。.!！;；\\s])((?:(?!的){_HAN}){{0,7}}?(?:{_SORTS}){_SIDES}?)(?!们|员|长|老板|村|两|俩|兄弟|爷|父|姐|妹|人)"
)
"""The place at the beginning of a clause: 理发店今天开门."""
_PLACE_ALONE = re.compile(
    f"(?:^|[,，。.!！;；\\s])((?:(?![去在打有卖买过到回来是说的]){_HAN}){{2,8}}(?:{_SIDES}|户|号|幢|弄|巷|{_SORTS}))(?=$|[,，。.!！;；])"
)
"""A clause that is nothing but a place: 岭脚第三户."""
_THERE = re.compile(
    "(?:们|俩|两个|一家)?(?:就|还|又|正|刚|今天|现在|刚才|一个人|开着车|坐|躺|站|住|蹲)*在(?!卖|拆|拉|搬|运|起货|出货|装|转让|不在)"
)
"""Behind a person: it is they who are there, whatever else is spoken of."""
_THEY_ARE_THERE = re.compile("[他她人](?:就|还|又|正|现在)*(?:坐|躺|站|住|蹲)?在(?!卖|拆|拉|搬|运|起货|出货|装|转让)")


def speaks_of_goods(text: str) -> bool:
    """Whether things, income or buildings are spoken of."""
    return bool(_PROPERTY.search(text))


def kind_of(text: str, positive: str, aliases: Iterable[str], ends: Iterable[int], *, by_plate: bool) -> str:
    """person, vehicle, property or settle. `aliases` are nicknames that stand in the text, which say nothing of what
    goes on (卖鱼的); `ends` where those who are meant have just been named in `positive`, the text without what it
    says isn't so."""
    for word in aliases:
        text, positive = text.replace(word, "\0"), positive.replace(word, "\0" * len(word))
    if _SETTLE.search(text):
        return "settle"
    if _EARNS.search(text):
        return "property"
    if any(_THERE.match(positive, end) for end in ends) or _THEY_ARE_THERE.search(text):
        return "person"
    if _PROPERTY.search(text):
        return "property"
    return "vehicle" if by_plate or _VEHICLE.search(text) else "person"


_OURS = re.compile("^(我们|你们|他们|咱们|自己)(?!这|那)")
_HERE = re.compile(
    "(我们|你们|他们|咱们|我|你|他|她)?[这那](里|边|儿|头)?$|^(村里|村上|村子里|村|镇上|街上|里头|外头|外面|里面)$"
)
"""Words that say where only to somebody who knows."""
_NO_PLACE = re.compile(
    "老人家|大家|人家|自家|全家|一家$|把|吵架|打架|养老金|账户|账上|^法院|^还|^给|饭(?!店|馆|庄)|起捕|^[问了手]|钱$|^[欠借]|的$|来$|^[出装]货|^还在|^正在|^[端打吃喝洗做]|他家|她家|回家|手里|咸鱼|闲鱼|网上|微信|抖音|直播间里"
)


def place_of(text: str, people: Sequence[str] = ()) -> str:
    """The words that say where: behind 在, at the beginning of a clause, or a clause of their own. Not the name of
    somebody (`people`), and the more telling of two."""
    vague = ""
    for pattern in (_AT, _AT_DOOR, _AT_ANY, _FROM, _PLACE_ALONE, _PLACE_FIRST):
        for match in pattern.finditer(text):
            place = _OURS.sub("", match[1])
            if len(place) < 2 and place != "家":
                continue
            for name in people:
                place = place.removeprefix(name).removeprefix("的") if len(place) > len(name) + 1 else place
            if _NO_PLACE.search(place) or any(place.startswith(name) for name in people):
                continue
            if not _HERE.search(place):
                return place
            vague = vague or place
    return vague if re.fullmatch("村里|村上|村子里|镇上|街上|里面|外面", vague) else ""


_AWAY = re.compile(
    "(?:[在到回]|(?<!要)去)(杭州|宁波|温州|嘉兴|湖州|绍兴|金华|衢州|舟山|台州|佛山|东莞|义乌|永康|东阳|慈溪|余姚|诸暨|上海|江苏|苏州|南京|广东|广州|深圳"
    "|福建|江西|广西|湖南|湖北|四川|河南|山东|安徽|北京|云南|贵州|新疆|外地|外面打工|国外)"
    "|年纪大了|打工(?!的)|过年才"
)
"""Somewhere for good, not here for an hour."""


def is_urgent(text: str, kind: str) -> bool:
    """It is happening now and may end."""
    if kind == "settle":
        return False
    if _NOW.search(text) and not _AWAY.search(text):
        return True
    return kind in ("person", "vehicle") and not any(one.search(text) for one in (_FUTURE, _PAST, _AWAY))
