/** The page's words, in English and in Traditional Chinese. */

const STRINGS = {
  en: {
    title: "Diabolo in the browser",
    tagline: "Squeeze a picture into a small code and restore it. Everything happens in this page; nothing leaves it.",
    open: "Open a bundle",
    openHint: "Drop a bundle here: the folder with encoder.onnx, decoder.onnx and model.json, those files, or a .zip of them.",
    chooseFolder: "Choose a folder",
    chooseFiles: "Choose files or a .zip",
    another: "Open another",
    loading: "Opening …",
    image: "Image",
    imageHint: "Draw here, or drop a picture",
    latent: "Latent plane",
    latentHint: "Drag, or use the arrow keys",
    reconstruction: "Reconstruction",
    decoded: "Decoded",
    encoder: "encoder",
    decoder: "decoder",
    clear: "Clear",
    erase: "Eraser",
    picture: "Picture …",
    pen: "Pen",
    ink: "Ink",
    codes: "Codes",
    pictures: "Pictures",
    across: "across",
    up: "up",
    error: "Show the error",
    ofDrawing: "reconstruction error (MSE) {mse}",
    ofPoint: "decoded in {ms} ms",
    code: "The code",
    numbers: "{count} numbers stand for {pixels}.",
    random: "Sample",
    average: "Mean",
    wander: "Wander",
    stop: "Stop",
    fromPrior: "from N(0, I), the prior the model was trained with",
    fromCodes: "from a gaussian fitted to the codes: training asked for no prior",
    classes: "Jump to a code of",
    golden: "golden check",
    goldenOk: "This browser computes what was exported.",
    goldenOff: "This browser does not compute what was exported.",
    difference: "largest difference",
    allowed: "allowed",
    hashes: "sha256",
    hashesFit: "model.json, {files} fit",
    variant: "variant",
    network: "network",
    dataset: "data set",
    failed: "The bundle cannot be used: {reason}.",
    missing: "{name} is missing",
    noModel: "there is no model.json among these files",
    changed: "{name} is not what was exported",
    outside: "{name} is no file of the bundle",
    format: "model.json is of another format version",
    insecure: "its hashes can be checked on https:// and on localhost only",
    noZip: "the .zip cannot be read",
    noPicture: "its images have {channels} channels and are no pictures",
  },
  "zh-TW": {
    title: "瀏覽器裡的 Diabolo",
    tagline: "把影像壓縮成一小串編碼，再還原回來。一切都在這個網頁裡進行，資料不會傳出去。",
    open: "開啟模型",
    openHint: "把模型拖到這裡：含有 encoder.onnx、decoder.onnx 與 model.json 的資料夾、這些檔案，或它們的 .zip。",
    chooseFolder: "選擇資料夾",
    chooseFiles: "選擇檔案或 .zip",
    another: "換一個模型",
    loading: "開啟中…",
    image: "影像",
    imageHint: "在這裡畫，或拖一張圖片進來",
    latent: "潛在空間",
    latentHint: "按住拖曳，或用方向鍵",
    reconstruction: "重建",
    decoded: "解碼結果",
    encoder: "編碼器",
    decoder: "解碼器",
    clear: "清除",
    erase: "橡皮擦",
    picture: "選圖片…",
    pen: "筆寬",
    ink: "顏色",
    codes: "編碼",
    pictures: "影像",
    across: "橫軸",
    up: "縱軸",
    error: "顯示誤差",
    ofDrawing: "重建誤差（MSE）{mse}",
    ofPoint: "解碼 {ms} 毫秒",
    code: "潛在向量",
    numbers: "用 {count} 個數代表 {pixels} 個。",
    random: "抽樣",
    average: "平均",
    wander: "漫遊",
    stop: "停下",
    fromPrior: "抽自常態分布 N(0, I)，模型就是照這個分布訓練的",
    fromCodes: "訓練時沒有要求分布，因此抽自貼合編碼的常態分布",
    classes: "跳到這一類的編碼",
    golden: "基準檢查",
    goldenOk: "這個瀏覽器的計算結果與匯出時一致。",
    goldenOff: "這個瀏覽器的計算結果與匯出時不同。",
    difference: "最大差異",
    allowed: "容許",
    hashes: "sha256",
    hashesFit: "model.json、{files} 皆相符",
    variant: "種類",
    network: "網路",
    dataset: "資料集",
    failed: "無法使用這個模型：{reason}。",
    missing: "缺少 {name}",
    noModel: "這些檔案裡沒有 model.json",
    changed: "{name} 與匯出時不同",
    outside: "{name} 不在模型資料夾裡",
    format: "model.json 的格式版本不同",
    insecure: "只有在 https:// 或 localhost 才能檢查雜湊值",
    noZip: "無法讀取這個 .zip",
    noPicture: "影像有 {channels} 個通道，無法顯示成圖片",
  },
};

const asked = new URLSearchParams(location.search).get("lang") ?? navigator.language;
let language = asked.startsWith("zh") ? "zh-TW" : "en";

/** A text with its `{places}` filled in. */
export function t(key, values = {}) {
  return STRINGS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** The other language from now on. */
export function switchLanguage() {
  language = language === "en" ? "zh-TW" : "en";
}

/** Every element with `data-text` or `data-label` says its words in the language of now. */
export function translate() {
  document.documentElement.lang = language === "en" ? "en" : "zh-Hant-TW";
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]"))
    for (const name of ["aria-label", "title"]) element.setAttribute(name, t(element.dataset.label));
}
