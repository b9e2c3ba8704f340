import Foundation
import Testing

@testable import Pages

@Suite("Comparison page")
struct ComparisonPageTests {
  private func page(
    prompt: String = "a dog", columns: Int = 2, charts: [LossChart] = []
  ) throws -> String {
    try ComparisonPage(
      title: "dog", sentences: ["Step 4 is best."], settings: "64x64",
      columns: (0..<columns).map {
        ComparisonPage.Column(
          label: "step \($0)", notes: ["loss 0.\($0)"], sha256: "0123456789abcdef\($0)",
          place: $0 == 1 ? 1 : nil)
      },
      rows: [
        ComparisonPage.Row(
          prompt: prompt, seed: .max, pictures: (0..<columns).map { Self.source($0) })
      ], charts: charts
    ).standalone()
  }

  private static func source(_ column: Int) -> String {
    "data:image/png;base64,\(Data("png \(column)".utf8).base64EncodedString())"
  }

  @Test("Every picture is embedded in its cell, and nothing is loaded from elsewhere")
  func pictures() throws {
    let html = try page(columns: 3)
    for column in 0..<3 {
      #expect(
        html.contains(
          "data-row=\"0\" data-column=\"\(column)\" src=\"\(Self.source(column))\""))
    }
    #expect(html.contains("seed \(UInt64.max)") && html.contains("colspan=\"3\""))
    #expect(html.contains("Step 4 is best.") && html.contains("<b>best</b>"))
    #expect(!html.contains("http") && !html.contains("{{"))
    #expect(html.components(separatedBy: "src=").count - 1 == 3)
  }

  @Test("Only the page scrolls; no part of it has its own scroll bar")
  func scrolling() throws {
    let html = try page()
    let style = try #require(html.firstMatch(of: /<style>(?<css>[\s\S]*?)<\/style>/)).css
    let rules = style.matches(of: /(?<selector>[^{}]+)\{(?<body>[^{}]*)\}/)
    #expect(rules.count > 20)
    for rule in rules {
      let scrolls = rule.body.contains(/overflow(-[xy])?: *(auto|scroll|hidden)/)
      #expect(!scrolls, "\(rule.selector)")
      // The dialog over the page is as high as the window. Nothing else has a maximum height.
      let isDialog = rule.selector.contains("dialog")
      #expect(isDialog || !rule.body.contains("max-height"), "\(rule.selector)")
    }
  }

  @Test("Texts of users are escaped")
  func escaped() throws {
    let html = try page(prompt: "<script>alert('a & b')</script>")
    #expect(!html.contains("<script>alert"))
    #expect(html.contains("&lt;script&gt;alert"))
  }

  @Test("A single column has no other column to compare with")
  func single() throws {
    #expect(try !page(columns: 1).contains("id=\"other\""))
    #expect(try page(columns: 2).contains("id=\"other\""))
  }

  @Test("The points of curves match their numbers; curves of one point are left out")
  func chart() throws {
    let chart = LossChart(
      title: "run 1",
      curves: [
        LossChart.Curve(name: "validation", points: [(0, 2), (50, 1), (100, 1.5)]),
        LossChart.Curve(name: "training", points: [(0, 2)]),
      ], marks: [50, 100, 900])
    // 56 to 628 across, 12 (the highest loss) to 192 (the lowest) down.
    #expect(chart.svg.contains("points=\"56.0,12.0 342.0,192.0 628.0,102.0\""))
    #expect(!chart.svg.contains("class=\"training\"") && !chart.svg.contains(">900<"))
    #expect(chart.svg.contains(">50</text>"))
    let flat = LossChart(
      title: "flat", curves: [LossChart.Curve(name: "validation", points: [(0, 1), (9, 1)])],
      marks: [])
    #expect(!flat.svg.contains("nan") && !flat.svg.contains("inf"))
    #expect(LossChart(title: "none", curves: [], marks: []).isEmpty)
    #expect(try !page(charts: [LossChart(title: "none", curves: [], marks: [])]).contains("<svg"))
    #expect(try page(charts: [chart]).contains("<svg viewBox="))
  }
}
