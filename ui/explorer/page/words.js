/** The explorer's texts; a page's translations do not reach into it. */

const WORDS = {
  en: {
    map: "Latent map",
    mapKeys: "Latent map. The arrow keys move the pointer, with Shift in larger steps; Enter moves it to the nearest code.",
    hint: "Drag to decode. Click a dot to go to its code.",
    hintTiles: "Drag to decode.",
    choose: "Click a dot for A, then another for B.",
    chooseTiles: "Click a place for A, then another for B.",
    note: "Each dot is the code of one image. The shading shows the density of the codes.",
    noteTiles: "Each tile is the picture decoded at its centre. Pale tiles have no training data nearby.",
    noMap: "This model has no stored codes, so there is no map. You can still move through its latent space with the sliders.",
    tiles: "Decode the whole map",
    path: "From A to B",
    planeOf: "Plane",
    widest: "first two principal components (PCA)",
    twoAxes: "two dimensions",
    across: "Horizontal",
    up: "Vertical",
    decoded: "Decoded at the pointer",
    known: "Training codes lie close to this point.",
    farHead: "No training data near this point.",
    far: "Nearly all test codes lie closer to the training codes than this point does, so the picture is a guess.",
    inBrowser: "Decoding in your browser",
    onServer: "Decoding on the server",
    toServer: "Click to decode on the server instead and compare.",
    toBrowser: "Click to decode in your browser instead and compare.",
    agree: "Checked against the server: pixels differ by at most {difference}.",
    disagree: "Your browser's pixels differ from the server's by {difference}; at most {allowed} is allowed.",
    cannot: "Your browser could not run this decoder.",
    noFiles: "onnxruntime-web, which decodes in the browser, is not installed on this server.",
    trouble: "The server did not answer. Move the pointer to try again.",
    latent: "Latent vector",
    more: "{count} more",
    all: "Show all",
    legend: "Classes: click to hide or show one, double-click to show only that one",
    strip: "From A to B",
    stripHint: "A straight path through the latent space. An orange bar marks a picture with no training data nearby.",
    step: "Step {step} of {count}",
    hole: "no training data nearby",
  },
  zh: {
    map: "潛在空間地圖",
    mapKeys: "潛在空間地圖。用方向鍵移動游標，按住 Shift 移動得更遠；按 Enter 跳到最近的編碼。",
    hint: "拖曳時即時解碼；點一個點，就跳到它的編碼。",
    hintTiles: "拖曳時即時解碼。",
    choose: "先點一個點作為 A，再點一個點作為 B。",
    chooseTiles: "先點一處作為 A，再點一處作為 B。",
    note: "每個點是一張影像的編碼，底色表示編碼的密度。",
    noteTiles: "每一格都是格子中央那一點解碼出來的影像；顏色淡的地方是間隙，附近沒有訓練資料。",
    noMap: "這個模型沒有附上編碼，所以畫不出地圖；仍然可以用滑桿在潛在空間裡移動。",
    tiles: "解碼整張地圖",
    path: "從 A 到 B",
    planeOf: "平面",
    widest: "前兩個主成分（PCA）",
    twoAxes: "自選兩個維度",
    across: "橫軸",
    up: "縱軸",
    decoded: "游標處的解碼結果",
    known: "附近有訓練影像的編碼。",
    farHead: "這裡是間隙，附近沒有訓練資料。",
    far: "幾乎所有測試編碼都比這一點更靠近訓練編碼，所以這張影像只是模型的猜測。",
    inBrowser: "在瀏覽器裡解碼",
    onServer: "由伺服器解碼",
    toServer: "點一下改由伺服器解碼，比較看看。",
    toBrowser: "點一下改在瀏覽器裡解碼，比較看看。",
    agree: "已和伺服器的結果比對，像素最多相差 {difference}。",
    disagree: "瀏覽器算出的像素和伺服器相差 {difference}，超過容許的 {allowed}。",
    cannot: "瀏覽器無法執行這個解碼器。",
    noFiles: "伺服器沒有安裝 onnxruntime-web，無法在瀏覽器裡解碼。",
    trouble: "伺服器沒有回應，請再移動一次游標。",
    latent: "潛在向量",
    more: "再顯示 {count} 個",
    all: "全部顯示",
    legend: "類別：點一下隱藏或顯示，點兩下只顯示這一類",
    strip: "從 A 到 B",
    stripHint: "穿過潛在空間的直線路徑；橘色橫條表示那張影像落在間隙裡。",
    step: "第 {step} 步，共 {count} 步",
    hole: "落在間隙裡",
  },
};

let language = "en"; // of this component

/** Set the language: 'en' or 'zh-TW'; null or undefined takes the browser's. */
function setLanguage(asked) {
  language = (asked ?? navigator.language).toLowerCase().startsWith("zh") ? "zh" : "en";
}

const languageNow = () => language;

function say(key, values = {}) {
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), WORDS[language][key]);
}

/** Fill in the texts of the page's own elements. */
function sayAll(page) {
  page.lang = { en: "en", zh: "zh-TW" }[language];
  for (const place of page.querySelectorAll("[data-say]")) place.textContent = say(place.dataset.say);
}
