"""Which sources are search engines, social networks, video sites and shops.

Written for Footfall under its own licence, from what is publicly known of these sites; it is not GA4's list
of sources (a spreadsheet on Google's help pages), nor taken from another project's. No package keeps one:
referer-parser's last release on PyPI is of 2016 and knows neither shops nor video sites.

An entry without a dot is a `utm_source` as people write it. One with a dot is a host and all that lie under
it; with `=` before it, that host alone (or with `www.` or `m.`), because others under it are something else,
as mail is. One that ends in `.*` is that name under any country's domain (`google.de`, `amazon.co.jp`), again
alone or with `www.` or `m.`. The longest entry that fits decides: `shopping.google.com` is a shop.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache


class Category(Enum):
    """Kinds of sources that channel rules tell apart."""

    SEARCH = "search"
    SOCIAL = "social"
    VIDEO = "video"
    SHOPPING = "shopping"


ENTRIES: dict[Category, str] = {
    Category.SEARCH: """
        google bing yahoo duckduckgo ddg baidu yandex ecosia naver aol ask sogou seznam qwant startpage
        google.* images.google.* yandex.* ask.com =aol.com search.aol.com search.aol.co.uk bing.com
        cc.bing.com cn.bing.com =yahoo.com =yahoo.co.jp search.yahoo.com search.yahoo.co.jp r.search.yahoo.com
        duckduckgo.com baidu.com ya.ru yandex.com.tr sogou.com so.com 360.cn haosou.com sm.cn =naver.com
        search.naver.com =daum.net search.daum.net =nate.com search.nate.com =seznam.cz search.seznam.cz
        ecosia.org qwant.com startpage.com search.brave.com mojeek.com swisscows.com metager.org metager.de
        presearch.com presearch.org kagi.com gibiru.com yippy.com searx.be lilo.org ekoru.org info.com
        dogpile.com webcrawler.com metacrawler.com excite.com lycos.com search.lycos.com alltheweb.com
        altavista.com mamma.com hotbot.com ixquick.com ixquick.eu search.com exalead.com exalead.fr
        =rambler.ru nova.rambler.ru go.mail.ru =mail.ru sputnik.ru search.ch biglobe.ne.jp =goo.ne.jp
        search.goo.ne.jp search.smt.docomo.ne.jp so-net.ne.jp auone.jp coccoc.com =onet.pl szukaj.onet.pl
        szukaj.wp.pl =virgilio.it ricerca.virgilio.it arianna.libero.it suche.t-online.de suche.web.de
        suche.gmx.net suche.freenet.de lemoteur.orange.fr search.free.fr =sapo.pt pesquisa.sapo.pt
        busca.uol.com.br buscador.terra.es zoeken.nl search.xfinity.com search.earthlink.net
        search.centurylink.com search.att.net search.incredimail.com search.avg.com search.avira.com
        search.babylon.com search.conduit.com isearch.babylon.com search.mywebsearch.com search.myway.com
        int.search.tb.ask.com search.tb.ask.com search.msn.com =msn.com search.live.com search.becovi.com
        comcast.net izito.com petalsearch.com you.com com.google.android.googlequicksearchbox
        com.google.android.googlequicksearchbox.https
    """,
    Category.SOCIAL: """
        facebook fb instagram ig twitter x linkedin pinterest tiktok reddit snapchat whatsapp telegram threads
        messenger quora tumblr vk vkontakte weibo wechat line discord mastodon bluesky yelp meetup nextdoor
        medium blogger facebook.com fb.com fb.me messenger.com instagram.com threads.net threads.com
        twitter.com =x.com t.co linkedin.com lnkd.in pinterest.* pin.it tiktok.com reddit.com redd.it
        out.reddit.com snapchat.com whatsapp.com wa.me telegram.org t.me telegram.me discord.com discord.gg
        discordapp.com quora.com tumblr.com vk.com vkontakte.ru away.vk.com ok.ru odnoklassniki.ru my.mail.ru
        weibo.com weibo.cn wechat.com weixin.qq.com qzone.qq.com tieba.baidu.com line.me douban.com zhihu.com
        xiaohongshu.com renren.com kaixin001.com mixi.jp ameblo.jp hatena.ne.jp b.hatena.ne.jp plurk.com
        bsky.app mastodon.social mastodon.online mstdn.jp truthsocial.com gab.com gettr.com parler.com
        minds.com clubhouse.com bereal.com yelp.* meetup.com nextdoor.* medium.com livejournal.com
        blogspot.com blogger.com wordpress.com typepad.com substack.com dev.to hashnode.com
        news.ycombinator.com lobste.rs slashdot.org digg.com delicious.com stumbleupon.com fark.com
        metafilter.com flipboard.com getpocket.com scoop.it diigo.com instapaper.com plus.google.com
        plus.url.google.com groups.google.com sites.google.com orkut.com myspace.com friendfeed.com xing.com
        viadeo.com =badoo.com tagged.com hi5.com skyrock.com netlog.com bebo.com taringa.net gaiaonline.com
        goodreads.com librarything.com last.fm deviantart.com dribbble.com behance.net flickr.com 500px.com
        imgur.com 9gag.com foursquare.com tripadvisor.* trustpilot.com stackoverflow.com stackexchange.com
        serverfault.com superuser.com askubuntu.com mathoverflow.net ravelry.com allrecipes.com care2.com
        classmates.com disqus.com glassdoor.com teams.microsoft.com slack.com workplace.com yammer.com
        linktr.ee lens.xyz com.facebook.katana com.instagram.android com.twitter.android com.linkedin.android
        com.reddit.frontpage
    """,
    Category.VIDEO: """
        youtube vimeo dailymotion twitch netflix hulu disneyplus youtube.com youtu.be youtube-nocookie.com
        vimeo.com dailymotion.com dai.ly twitch.tv netflix.com hulu.com disneyplus.com rumble.com odysee.com
        bitchute.com bilibili.com b23.tv youku.com iqiyi.com tudou.com v.qq.com nicovideo.jp niconico.jp
        rutube.ru metacafe.com veoh.com crackle.com wistia.com wistia.net vidyard.com ted.com viki.com
        crunchyroll.com peertube.tv vevo.com utreon.com kick.com loom.com com.google.android.youtube
    """,
    Category.SHOPPING: """
        amazon ebay etsy walmart alibaba aliexpress shopify shopzilla stripe temu shein igshopping amazon.*
        ebay.* etsy.com walmart.com walmart.ca alibaba.com aliexpress.com aliexpress.us aliexpress.ru
        shopify.com shop.app shopping.google.com shopping.yahoo.com shopping.yahoo.co.jp stripe.com
        checkout.stripe.com temu.com shein.com wish.com target.com bestbuy.com costco.com homedepot.com
        wayfair.com overstock.com newegg.com zappos.com rakuten.com rakuten.co.jp mercari.com mercadolibre.com
        mercadolibre.com.mx mercadolibre.com.ar mercadolivre.com.br flipkart.com myntra.com snapdeal.com
        lazada.* shopee.* tokopedia.com taobao.com tmall.com jd.com pinduoduo.com coupang.com gmarket.co.kr
        11st.co.kr allegro.pl zalando.* otto.de idealo.* bol.com cdiscount.com fnac.com kelkoo.* pricerunner.*
        pricegrabber.com shopping.com bizrate.com nextag.com twenga.* shopzilla.com geizhals.at geizhals.de
        billiger.de ceneo.pl heureka.cz heureka.sk emag.ro trendyol.com hepsiburada.com n11.com ozon.ru
        wildberries.ru market.yandex.ru noon.com jumia.com takealot.com poshmark.com depop.com vinted.*
    """,
}

_COUNTRY = r"\.(?:com|[a-z]{2}|(?:com?|ne|or|net)\.[a-z]{2})"


@dataclass(frozen=True, slots=True)
class _Sites:
    """The entries by how they fit."""

    names_and_domains: Mapping[str, Category]
    alone: Mapping[str, Category]
    national: Mapping[str, Category]
    nation: re.Pattern[str]
    """Fits a name of `national` under a country's domain."""


LONGEST_HOST = 253
"""Characters of a host name (RFC 1035)."""


def category_of(source: str) -> Category | None:
    """Return what kind of site a source, a host or a `utm_source`, is; None if unknown. Never raises."""
    return _category_of(source) if len(source) <= LONGEST_HOST else None


@lru_cache(maxsize=16_384)
def _category_of(source: str) -> Category | None:
    sites = _sites()
    under = source.lower()
    bare = under.removeprefix("www.").removeprefix("m.")
    if bare in sites.alone:
        return sites.alone[bare]
    if under in sites.names_and_domains:
        return sites.names_and_domains[under]
    if national := sites.nation.fullmatch(bare):
        return sites.national[national[1]]
    while "." in under:
        if under in sites.names_and_domains:
            return sites.names_and_domains[under]
        under = under.partition(".")[2]
    return None


@cache
def _sites() -> _Sites:
    entries = [(entry, category) for category, text in ENTRIES.items() for entry in text.split()]
    national = {entry.removesuffix(".*"): category for entry, category in entries if entry.endswith(".*")}
    return _Sites(
        names_and_domains={e: c for e, c in entries if not e.startswith("=") and not e.endswith(".*")},
        alone={entry.removeprefix("="): category for entry, category in entries if entry.startswith("=")},
        national=national,
        nation=re.compile(f"({'|'.join(map(re.escape, national))}){_COUNTRY}"),
    )
