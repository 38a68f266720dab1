/**
 * The explorer's texts; a page's translations do not reach into it. Those of the marks are the app's: the server puts
 * `MARK_WORDS` before the script.
 */

const WORDS = {
  en: {
    map: "Latent map",
    mapKeys: "Latent map. The arrow keys move the pointer, with Shift in larger steps; Enter moves it to the nearest code; plus and minus zoom, 0 shows the whole map.",
    hint: "Drag to decode. Click a dot to go to its code.",
    hintFixed: "The pointer cannot be moved here.",
    hintTiles: "Drag to decode.",
    zoom: "Ctrl + scroll zooms; once the map has been clicked, scrolling alone does. Shift + drag moves the map.",
    zoomTouch: "Two fingers zoom and move the map.",
    opening: "Opening the map ...",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    whole: "Whole map",
    nudge: "Hold Ctrl and scroll to zoom, or click the map first",
    choose: "Click a dot for A, then another for B.",
    chooseTiles: "Click a place for A, then another for B.",
    note: "Each dot is the code of one image. Behind the dots, the density of the codes:",
    fewCodes: "none",
    manyCodes: "densest",
    noteTiles: "Each tile is the picture decoded at its centre. The latents of pale tiles are far from the codes.",
    noMap: "This model has no stored codes, so there is no map. You can still move through its latent space with the sliders.",
    tiles: "Decode the whole map",
    yours: "Your picture",
    seen: "What the model sees",
    reconstruction: "Reconstruction",
    goTo: "Move the pointer to its code",
    outside: "Its code lies outside what the map shows; the arrow at the edge points to it.",
    path: "From A to B",
    planeOf: "Plane",
    widest: "first two principal components (PCA)",
    twoAxes: "two dimensions",
    across: "Horizontal",
    up: "Vertical",
    decoded: "Decoded at the pointer",
    known: "Training codes lie close to this point.",
    inBrowser: "Decoding in your browser",
    onServer: "Decoding on the server",
    toServer: "Click to decode on the server instead and compare.",
    toBrowser: "Click to decode in your browser instead and compare.",
    agree: "Checked against the server: pixels differ by at most {difference}.",
    disagree: "Your browser's pixels differ from the server's by {difference}; at most {allowed} is allowed.",
    cannot: "Your browser could not run this decoder.",
    noFiles: "onnxruntime-web, which decodes in the browser, is not installed on this server.",
    trouble: "The server did not answer. Move the pointer to try again.",
    silence: "The server did not answer. Reload the page.",
    refused: "{reason}",
    latent: "Latent vector",
    more: "Show {count} more",
    allOfThem: "Show all {count}",
    mostVarying: "the {count} that vary most, of {all}",
    all: "Show all",
    legend: "Classes: click to hide or show one, double-click to show only that one",
    strip: "From A to B",
    stripHint: "A straight path through the latent space. Orange bar: the picture is unlike the data. Blue bar: its latent is far from the codes.",
    step: "Step {step} of {count}",
  },
  zh: {
    map: "潛在空間地圖",
    mapKeys: "潛在空間地圖。用方向鍵移動游標，按住 Shift 移動得更遠；按 Enter 跳到最近的編碼；按加號、減號縮放，按 0 看整張地圖。",
    hint: "拖曳時即時解碼；點一個點，就跳到它的編碼。",
    hintFixed: "這裡的游標固定不動。",
    hintTiles: "拖曳時即時解碼。",
    zoom: "按住 Ctrl 捲動滾輪可以縮放；點過地圖之後，直接捲動也行。按住 Shift 拖曳可以移動地圖。",
    zoomTouch: "用兩指縮放、移動地圖。",
    opening: "正在開啟地圖……",
    zoomIn: "放大",
    zoomOut: "縮小",
    whole: "整張地圖",
    nudge: "按住 Ctrl 再捲動就能縮放，或先點一下地圖",
    choose: "先點一個點作為 A，再點一個點作為 B。",
    chooseTiles: "先點一處作為 A，再點一處作為 B。",
    note: "每個點是一張影像的編碼；點後面的底色表示編碼的密度：",
    fewCodes: "沒有",
    manyCodes: "最密",
    noteTiles: "每一格都是格子中央那一點解碼出來的影像；顏色淡的格子，潛在向量遠離編碼。",
    noMap: "這個模型沒有附上編碼，所以畫不出地圖；仍然可以用滑桿在潛在空間裡移動。",
    tiles: "解碼整張地圖",
    yours: "你的影像",
    seen: "模型看到的影像",
    reconstruction: "重建結果",
    goTo: "把游標移到它的編碼",
    outside: "它的編碼不在地圖目前顯示的範圍內，方向如邊上的箭頭所示。",
    path: "從 A 到 B",
    planeOf: "平面",
    widest: "前兩個主成分（PCA）",
    twoAxes: "自選兩個維度",
    across: "橫軸",
    up: "縱軸",
    decoded: "游標處的解碼結果",
    known: "附近有訓練影像的編碼。",
    inBrowser: "在瀏覽器裡解碼",
    onServer: "由伺服器解碼",
    toServer: "點一下改由伺服器解碼，比較看看。",
    toBrowser: "點一下改在瀏覽器裡解碼，比較看看。",
    agree: "已和伺服器的結果比對，像素最多相差 {difference}。",
    disagree: "瀏覽器算出的像素和伺服器相差 {difference}，超過容許的 {allowed}。",
    cannot: "瀏覽器無法執行這個解碼器。",
    noFiles: "伺服器沒有安裝 onnxruntime-web，無法在瀏覽器裡解碼。",
    trouble: "伺服器沒有回應，請再移動一次游標。",
    silence: "伺服器沒有回應，請重新載入頁面。",
    refused: "這個動作沒有成功。原因：{reason}",
    latent: "潛在向量",
    more: "再顯示 {count} 個",
    allOfThem: "全部顯示（{count} 個）",
    mostVarying: "變化最大的 {count} 個，共 {all} 個",
    all: "全部顯示",
    legend: "類別：點一下隱藏或顯示，點兩下只顯示這一類",
    strip: "從 A 到 B",
    stripHint: "穿過潛在空間的直線路徑。橘色橫條：畫面不像資料；藍色橫條：潛在向量遠離編碼。",
    step: "第 {step} 步，共 {count} 步",
  },
};

const LANGUAGES = { en: "en", zh: "zh-TW" };
let language = "en"; // of this component

/** Set the language: 'en' or 'zh-TW'; null or undefined takes the browser's. */
function setLanguage(asked) {
  language = (asked ?? navigator.language).toLowerCase().startsWith("zh") ? "zh" : "en";
}

const languageNow = () => language;

function say(key, values = {}) {
  const words = WORDS[language][key] ?? MARK_WORDS[LANGUAGES[language]][key];
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, () => value), words);
}

/** Fill in the texts of the page's own elements, and the names of those without text. */
function sayAll(page) {
  page.lang = LANGUAGES[language];
  for (const place of page.querySelectorAll("[data-say]")) place.textContent = say(place.dataset.say);
  for (const place of page.querySelectorAll("[data-name]")) place.setAttribute("aria-label", say(place.dataset.name));
}
