// Draws the figures that a page holds in data-chart. The table beside each chart says the same, and stands without this.
(() => {
  "use strict";
  const library = document.currentScript.dataset.library;
  const drawn = new Map();
  let loading;

  function load() {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = library;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
    return loading;
  }

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // How many rows the names of the series take, each behind its mark, as the library lays them out.
  const mark = { width: 14, gap: 18, row: 25 };
  function legendRows(data, text, width) {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `${text.fontSize}px ${text.fontFamily}`;
    let rows = 1, used = 0;
    for (const { title } of data.series) {
      const own = mark.width + 5 + Math.ceil(pen.measureText(title).width);
      if (used > 0 && used + own > width - 10) {
        rows += 1;
        used = 0;
      }
      used += own + mark.gap;
    }
    return rows;
  }

  // Figures arrive as exact decimal texts; a picture may round them, what is read beside it may not.
  function option(data, width, small, again) {
    const ink = colour("--ink-2");
    const quiet = colour("--ink-3");
    const line = colour("--line");
    const palette = [1, 2, 3, 4, 5, 6].map((at) => colour(`--chart-${at}`));
    const symbols = ["circle", "rect", "triangle", "diamond", "emptyCircle", "emptyRect"];
    const dashes = ["solid", "dashed", "dotted", [8, 3, 2, 3], [3, 3], [12, 4]];
    const text = { color: ink, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 };
    const named = data.series.length > 1;
    const above = named ? 15 + mark.row * legendRows(data, text, width) : 20;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    return {
      animation: !still && !again,
      animationDuration: 300,
      color: palette,
      textStyle: text,
      aria: { enabled: false },
      grid: { left: 8, right: 16, top: above, bottom: 6, containLabel: true },
      legend: named
        ? { top: 0, left: 0, icon: "roundRect", itemWidth: mark.width, itemHeight: 8, itemGap: mark.gap, textStyle: text }
        : undefined,
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        backgroundColor: colour("--raised"),
        borderColor: colour("--line-strong"),
        borderWidth: 1,
        padding: [8, 12],
        textStyle: { ...text, color: colour("--ink"), lineHeight: 18 },
        axisPointer: { type: data.shape === "line" ? "line" : "shadow", shadowStyle: { color: line, opacity: 0.35 }, lineStyle: { color: quiet } },
        formatter: (points) => [
          points[0].axisValue,
          ...points.map((point) => `${point.seriesName}  ${data.series[point.seriesIndex].written[point.dataIndex] || "–"}`),
        ].join("\n"),
      },
      xAxis: {
        type: "category",
        data: data.along,
        axisLine: { lineStyle: { color: quiet } },
        axisTick: { show: false },
        // Few places are all named, over several lines where they must; of many as many as there is room for.
        axisLabel: data.along.length <= 8
          ? { color: quiet, interval: 0, width: Math.max(24, (width - 70) / data.along.length - 8), overflow: "break", lineHeight: 15 }
          : { color: quiet, hideOverlap: true },
      },
      yAxis: {
        type: "value",
        splitNumber: small ? 3 : 5,
        minInterval: data.whole ? 1 : undefined,
        axisLabel: { color: quiet, formatter: (value) => short(value, data) },
        splitLine: { lineStyle: { color: line } },
      },
      series: data.series.map((series, at) => ({
        name: series.title,
        type: data.shape === "line" ? "line" : "bar",
        stack: data.shape === "stacked" ? "all" : undefined,
        // Nothing has no edge either, which would lie over the axis.
        data: series.values.map((value) =>
          value === null ? null : Number(value) === 0 ? { value: 0, itemStyle: { borderWidth: 0 } } : Number(value)),
        symbol: symbols[at % symbols.length],
        symbolSize: 6,
        showSymbol: data.along.length <= 40,
        lineStyle: { width: 2, type: dashes[at % dashes.length] },
        barMaxWidth: 36,
        itemStyle: {
          borderRadius: data.shape === "bar" ? [2, 2, 0, 0] : 0,
          borderColor: data.shape === "stacked" ? colour("--surface") : undefined,
          borderWidth: data.shape === "stacked" ? 1 : 0,
        },
        emphasis: { focus: "series" },
        connectNulls: false,
      })),
    };
  }

  // The axis counts in the large units of its language, so that it stays narrow.
  function short(value, data) {
    if (data.percent) return `${Number((value * 100).toFixed(2))}%`;
    const steps = document.documentElement.lang.startsWith("zh")
      ? [[1e8, "亿"], [1e4, "万"]]
      : [[1e9, "bn"], [1e6, "m"], [1e3, "k"]];
    for (const [unit, name] of steps) {
      if (Math.abs(value) >= unit) return `${Number((value / unit).toFixed(2))}${name}`;
    }
    return String(Number(value.toFixed(4)));
  }

  function draw(figure) {
    const place = figure.querySelector(".canvas");
    const data = JSON.parse(figure.dataset.chart);
    figure.classList.add("drawn");
    let chart = drawn.get(figure);
    const again = Boolean(chart);
    if (!chart) {
      chart = window.echarts.init(place, null, { renderer: "svg" });
      drawn.set(figure, chart);
      let drawnAt = place.clientWidth;
      new ResizeObserver(() => {
        if (!place.isConnected) return;
        chart.resize();
        if (place.clientWidth !== drawnAt) draw(figure);
        drawnAt = place.clientWidth;
      }).observe(place);
    }
    chart.setOption(option(data, place.clientWidth, place.clientHeight < 200, again), true);
    // What is drawn again is wanted at once: a page on its way to the printer does not wait for the next frame.
    if (again) chart.getZr().flush();
  }

  function all() {
    for (const [figure, chart] of drawn) {
      if (figure.isConnected) continue;
      chart.dispose();
      drawn.delete(figure);
    }
    const figures = [...document.querySelectorAll("[data-chart]")];
    if (!figures.length) return;
    load().then(() => figures.filter((figure) => !drawn.has(figure)).forEach(draw), () => {});
  }

  document.addEventListener("page-changed", all);
  document.addEventListener("theme-changed", () => drawn.forEach((_, figure) => draw(figure)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach((_, figure) => draw(figure)));
  all();
})();
