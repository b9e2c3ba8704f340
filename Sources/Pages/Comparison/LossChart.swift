import Foundation

/// Loss curves over steps as an SVG. The page's style sheet sets the colours.
package struct LossChart: Sendable {
  package struct Curve: Sendable {
    /// `validation` or `training`; also the CSS class.
    package let name: String
    /// In the order of steps.
    package let points: [(step: Int, loss: Double)]

    package init(name: String, points: [(step: Int, loss: Double)]) {
      self.name = name
      self.points = points
    }
  }

  package let title: String
  private let curves: [Curve]
  /// Steps marked on the axis, such as those with checkpoints.
  private let marks: [Int]

  private static let width = 640.0
  private static let height = 220.0
  private static let margin = (left: 56.0, right: 12.0, top: 12.0, bottom: 28.0)

  /// Curves with fewer than two points are left out.
  package init(title: String, curves: [Curve], marks: [Int]) {
    self.title = title
    self.curves = curves.filter { $0.points.count > 1 }
    self.marks = marks
  }

  package var isEmpty: Bool { curves.isEmpty }

  /// The `svg` element.
  var svg: String {
    let points = curves.flatMap(\.points)
    let steps = points.map(\.step)
    let losses = points.map(\.loss)
    guard let first = steps.min(), let last = steps.max(), let low = losses.min(),
      let high = losses.max()
    else { return "" }
    let span = max(high - low, 1e-9 * max(1, abs(high)))
    func x(_ step: Int) -> Double {
      Self.margin.left + Double(step - first) / Double(max(1, last - first))
        * (Self.width - Self.margin.left - Self.margin.right)
    }
    func y(_ loss: Double) -> Double {
      Self.margin.top + (high - loss) / span
        * (Self.height - Self.margin.top - Self.margin.bottom)
    }
    let lines = (0...2).map { part -> String in
      let loss = low + span * Double(part) / 2
      return """
        <line class="grid" x1="\(text(Self.margin.left))" x2="\(text(Self.width - Self.margin.right))" \
        y1="\(text(y(loss)))" y2="\(text(y(loss)))"/>\
        <text x="\(text(Self.margin.left - 6))" y="\(text(y(loss) + 4))" text-anchor="end">\
        \(String(format: "%.4f", loss))</text>
        """
    }
    let ticks = marks.filter { (first...last).contains($0) }.map { step in
      """
      <line class="mark" x1="\(text(x(step)))" x2="\(text(x(step)))" \
      y1="\(text(Self.height - Self.margin.bottom))" y2="\(text(Self.height - Self.margin.bottom + 5))"/>\
      <text x="\(text(x(step)))" y="\(text(Self.height - 8))" text-anchor="middle">\(step)</text>
      """
    }
    let paths = curves.map { curve in
      let places = curve.points.map { "\(text(x($0.step))),\(text(y($0.loss)))" }
      return "<polyline class=\"\(curve.name)\" points=\"\(places.joined(separator: " "))\"/>"
        + curve.points.map {
          "<circle class=\"\(curve.name)\" cx=\"\(text(x($0.step)))\" cy=\"\(text(y($0.loss)))\" "
            + "r=\"3\"><title>\(curve.name), step \($0.step): "
            + "\(String(format: "%.4f", $0.loss))</title></circle>"
        }.joined()
    }
    return """
      <svg viewBox="0 0 \(text(Self.width)) \(text(Self.height))" role="img" \
      aria-label="losses over steps">\((lines + ticks + paths).joined())</svg>
      """
  }

  private func text(_ number: Double) -> String { String(format: "%.1f", number) }
}
