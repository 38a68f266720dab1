/** The explorer's own words; a page's translations do not reach into it. */

const WORDS = {
  en: {
    map: "Latent map",
    mapKeys: "Latent map. Arrow keys move the pointer, with Shift in larger steps; Enter goes to the nearest code.",
    hint: "Drag to decode. Click a dot to go to its code.",
    hintTiles: "Drag to decode.",
    choose: "Click a dot for A, then one for B.",
    chooseTiles: "Click a place for A, then one for B.",
    note: "Each dot is an image's code. The shade shows where codes lie dense.",
    noteTiles: "Each square shows its middle, decoded. Pale: nothing was learned there.",
    noMap: "This model came without stored codes, so there is no map to draw. The sliders move through its latent space all the same.",
    tiles: "Decode the whole map",
    way: "From A to B",
    planeOf: "Plane",
    widest: "widest spread (PCA)",
    twoAxes: "two dimensions",
    across: "Across",
    up: "Up",
    decoded: "Decoded here",
    known: "Known ground: training codes lie close by.",
    farHead: "Nothing learned lives here.",
    far: "Nearly every test code lies closer to the training codes than this point. The picture is a guess.",
    inBrowser: "Decodes in your browser",
    onServer: "Decodes on the server",
    toServer: "Click to decode on the server instead, and compare.",
    toBrowser: "Click to decode in your browser instead, and compare.",
    agree: "Checked against the server: pixels within {difference}.",
    disagree: "In your browser pixels came out {difference} away from the server's; {allowed} is allowed.",
    cannot: "Your browser could not run this decoder.",
    noFiles: "This server was installed without onnxruntime-web, by which a browser decodes.",
    trouble: "The server did not answer. Move the pointer to try again.",
    latent: "The latent",
    more: "{count} more",
    all: "Show all",
    legend: "Classes: click to hide or show, double-click for one alone",
    strip: "From A to B",
    stripHint: "Straight through the latent space. An orange bar marks a place where nothing was learned.",
    step: "Step {step} of {count}",
    hole: "nothing learned here",
  },
  zh: {
    map: "潛在空間地圖",
    mapKeys: "潛在空間地圖。方向鍵移動游標，按住 Shift 走得更遠；按 Enter 跳到最近的編碼。",
    hint: "拖曳即時解碼；點一個點，就取它的編碼。",
    hintTiles: "拖曳即時解碼。",
    choose: "先點一個點當 A，再點一個當 B。",
    chooseTiles: "先點一處當 A，再點一處當 B。",
    note: "每個點是一張影像的編碼，底色越深，編碼越密。",
    noteTiles: "每一格都由格子中央的點解碼而成；顏色淡的是間隙。",
    noMap: "這個模型沒有附上編碼，畫不出地圖；滑桿照樣可以在潛在空間裡移動。",
    tiles: "把整張地圖解碼",
    way: "從 A 到 B",
    planeOf: "平面",
    widest: "分布最廣的方向（PCA）",
    twoAxes: "自選兩個維度",
    across: "橫軸",
    up: "縱軸",
    decoded: "這一點的解碼結果",
    known: "熟悉的地帶：附近就有訓練影像的編碼。",
    farHead: "這裡是間隙，模型什麼也沒學到。",
    far: "幾乎所有測試編碼都比這一點更靠近訓練編碼；眼前的影像只是猜測。",
    inBrowser: "在瀏覽器裡解碼",
    onServer: "由伺服器解碼",
    toServer: "按一下改由伺服器解碼，兩邊比比看。",
    toBrowser: "按一下改在瀏覽器裡解碼，兩邊比比看。",
    agree: "已和伺服器核對，像素最多相差 {difference}。",
    disagree: "瀏覽器算出的像素和伺服器相差 {difference}，超過容許的 {allowed}。",
    cannot: "瀏覽器無法執行這個解碼器。",
    noFiles: "伺服器沒有安裝 onnxruntime-web，瀏覽器無法自行解碼。",
    trouble: "伺服器沒有回應，再動一下游標試試。",
    latent: "潛在向量",
    more: "再列出 {count} 個",
    all: "全部顯示",
    legend: "類別：點一下隱藏或顯示，點兩下只留一類",
    strip: "從 A 到 B",
    stripHint: "在潛在空間裡走直線；橘色橫條表示經過間隙。",
    step: "第 {step} 步，共 {count} 步",
    hole: "這裡是間隙",
  },
};

let language = "en"; // of this component

/** 'en' or 'zh-TW'; null or nothing takes the browser's. */
function setLanguage(asked) {
  language = (asked ?? navigator.language).toLowerCase().startsWith("zh") ? "zh" : "en";
}

const languageNow = () => language;

function say(key, values = {}) {
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), WORDS[language][key]);
}

/** The words of the page itself. */
function sayAll(page) {
  page.lang = { en: "en", zh: "zh-TW" }[language];
  for (const place of page.querySelectorAll("[data-say]")) place.textContent = say(place.dataset.say);
}
