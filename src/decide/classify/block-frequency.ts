/**
 * The thousand most frequent three-byte blocks of CI logs, most frequent first, counted over public logs of many tools
 * (each log weighing the same). The scanner avoids them when it chooses by which block of a text to look for it.
 */
const BLOCKS = [
  '   ingng ects: :  % ()  jecobjg objects obts:e: ionemoremote Comotte:vin: Ccomompessrestined ers',
  '...202ithpreuntgitttphttverssisin://trasio (1 htComRecececeieivivi[0mrsista.cotpstiomprps:s:/vis',
  'g d coounom/ackforile---hubthu de/giateavi025 inesontior ravsolub. toto olv//g reb.c (2 fopacage',
  'datCouon din25-ati veall --entestdel5-0uileltReslta-04 Mi04-lvitascheMiBas:coneadildlibtedin lin',
  ' ..4-1adiart-16er . hoad  2terloa16T lise   1bun0% B/sode no[1mown  3and  5 (3rro 20buiit [3434m',
  'nturor/s testarinstalnststr  4aseledser..   6 MBend paubuMB/he omekincka3) is_8) ailes [0Kwit  7',
  'torpro exthekagnlownlerrime  8eckhecces pr  91) ata Doerlons wictitimckilesle 5% basDownd 6% not',
  ' (4ineiti8% ratfil7% 3% 1% rab2% ist022tab4% n: /16orkis 9% wor  0outach/tr fi.0.s  ot [2Kame fa',
  ' thorgbleme:bin: 1on:s/b:st7) 0) 201reaner: Dnpmg fste daiB ll  ra kBth 22-iB/homomm2) 4) bit/ho',
  ' 10Z  recme/re 6T1mand: oner: usempl unabbintaind t 1.doc5) bbiis/era2-0perablp:/tp:ull calocele',
  'angcaloreaba.orund===te 0.0 (5.eronfpleer/d64faies/ upRea13:latapptchortthoamdval tr0:0ive/usrl ',
  'or:deritmmd6ade buin/  -rap usrom isnteory/25ockt cld:expchicodtmqnd:cat10.ker[10at s_te tboolle',
  ' (6inieterunporitee fmodactriterve/tfololdginocaal rep logesour_tiletootld ry -de100026e .finnam',
  'cur156-06ure/bi di(Re/re6-0ired wnfomai semmanin/buge rt:ule06-dev4/1st  anredinf Renfitrurcefig',
  'leadis6 Mlogpdanodaitmen_fode ali:enwarust0.1inuodu352cacmatpos/11easnpausrcke (7=15parlownt t f',
  'hin00:sec-07es.6) s_f]  itydul atndercheta.10aread rg/ld/: fontpilsit do15:4.0minorm0KtKtre a (8',
  'equmpinuxurc gine temhonpen/li st1.17 Mpyt64 denrinupdck ly 9) argut 7.18 M17.pm ythnne.jslan1.0',
  'tattri-co] [otsexitstbrass 26-rocecuWai.4. ma/cosr/ta e i0.3 13t: :002.1 15licype7:1ubyctetag00%',
  '-reostit_.04lecom   Cice523ten-li9 M4Z 16.ErrVeroce9Z /12 erheadepmq_ (9Buicli% [iptarnaryce eco',
  'jobg p14.russts/35extchaulteatuesranarc3.1utitur04:autT13g tcri/40rubastind frq_v3:2d nnisriperi',
  ' 12l: try: Ps fon- befro25/0Z nts 1 queew nse.6 sysrve CCditen sh d c of163d a3Z cto6T0/ruvenenc',
  '235.6.reqdebxitson sogralid/mast-igh6.004/hanof 028ass.0 ish tats/pat4.6.1.2.0CC :04) . he254238',
  '.3 ler [W40._inref17:MB n 15Z ocsThe54.ERRon.uth(10Pro/15lit117new2Z ts T15[Wa.gi.8.1Z ticch :01',
  'net /hdirancalu16 7Z e ssor su/bo/50src.8 unnghcer./pyretUnp6Z envgetacerouedis eibr ame c-paree',
  'etce lies0: atc.2.kB/atu.0-ystby oup384akel rada07--sesout v 0. ruptirtilveluereg 2.g: flogrome ',
  '505.3..7 rarkB]4.30.7cargen.de1.2ettiliool8Z [15 nper-epoath_v3v3_herght/ubst/1 M164ccergoura/do',
  '(11opemerscrChe: c3:4rigcre:054.1rev testo.1 es:eniopt  r 16hivsetrma va[90er_cor90m chositu1ous',
  '6:0/worc/g a0.2le: Pu-ineviori pooveari-05e:sdonfou-lo-20ip seddle5:0 ERpecs.o84dit-le.2a2Z rrac',
  ' 11/04.io1a2his ap255a23t t5/0thi/tea2a4d:hed63)NFO10A1/164.10BB/2iso.12INFnceert702(12s ns a7.8',
  'icad pialPregeron=pla gh ort=1 14ng:shanowet 08: * /cabs/an le-6_6 17mitrge:144 M a  2505-rse Ve',
  'tti ond:s endur5-1 Innchs/termLina: id ollte-/rah=122:2/1Getio/ la 18ensn aars68)6.1 0:rt=lugty ',
  '(13ct erecsse -w tt-ae:e',
].join('');

const ranks = new Map<string, number>();
for (let at = 0; at + 3 <= BLOCKS.length; at += 3) ranks.set(BLOCKS.slice(at, at + 3), at / 3);

/** 0 the most frequent; null when the block is not among them. */
export function blockRank(block: string): number | null {
  return ranks.get(block) ?? null;
}
