package import Pages
package import Workspace

extension ComparisonPage {
  /// The page of a comparison.
  ///
  /// - Parameter source: the address of a picture by its row and column.
  package init(
    _ summary: ComparisonSummary, source: (_ row: Int, _ column: Int) throws -> String
  ) rethrows {
    self.init(
      title: summary.title, sentences: summary.sentences, settings: summary.settings,
      columns: summary.columns.map {
        Column(label: $0.label, notes: $0.notes, sha256: $0.sha256, place: $0.place)
      },
      rows: try summary.rows.enumerated().map { number, row in
        Row(
          prompt: row.prompt, seed: row.seed,
          pictures: try summary.columns.indices.map { try source(number, $0) })
      },
      charts: summary.charts.map { chart in
        LossChart(
          title: chart.title,
          curves: chart.curves.map { curve in
            LossChart.Curve(
              name: curve.name, points: Array(zip(curve.steps, curve.losses)).map { ($0, $1) })
          }, marks: chart.marks)
      })
  }
}
