package import Files
package import Foundation
import Mustache

/// A comparison as one HTML file that contains all pictures and needs no server.
package struct ComparisonPage {
  package struct Column {
    package let label: String
    /// Further lines below the label.
    package let notes: [String]
    /// The rank among the checkpoints, from 1; nil without a rank.
    package let place: Int?

    package init(label: String, notes: [String], place: Int?) {
      self.label = label
      self.notes = notes
      self.place = place
    }
  }

  package struct Row {
    package let prompt: String
    package let seed: UInt64
    /// PNG files, one for each column.
    package let pictures: [Data]

    package init(prompt: String, seed: UInt64, pictures: [Data]) {
      self.prompt = prompt
      self.seed = seed
      self.pictures = pictures
    }
  }

  private let title: String
  private let sentences: [String]
  private let settings: String
  private let columns: [Column]
  private let rows: [Row]
  private let charts: [LossChart]

  /// - Parameters:
  ///   - sentences: lines below the title, such as which checkpoint is best.
  ///   - settings: the settings of all pictures.
  ///   - charts: loss curves. Empty charts are left out.
  package init(
    title: String, sentences: [String], settings: String, columns: [Column], rows: [Row],
    charts: [LossChart]
  ) {
    self.title = title
    self.sentences = sentences
    self.settings = settings
    self.columns = columns
    self.rows = rows
    self.charts = charts.filter { !$0.isEmpty }
  }

  /// Throws `PageError.template` if the embedded template is broken.
  package func html() throws(PageError) -> String {
    let template: MustacheTemplate
    do {
      template = try MustacheTemplate(
        string: String(decoding: PackageResources.comparison_mustache, as: UTF8.self))
    } catch {
      throw .template("comparison.mustache", reason: "\(error)")
    }
    return template.render(context)
  }

  private var context: [String: Any] {
    [
      "title": title, "sentences": sentences, "settings": settings,
      "hasSeveral": columns.count > 1, "last": columns.count - 1,
      "columns": columns.enumerated().map { number, column -> [String: Any] in
        [
          "number": number, "label": column.label, "notes": column.notes,
          "place": column.place.map { "\($0)" } ?? "", "isBest": column.place == 1,
        ]
      },
      "rows": rows.enumerated().map { number, row -> [String: Any] in
        [
          "number": number, "prompt": row.prompt, "seed": "\(row.seed)",
          "columnCount": columns.count,
          "cells": zip(columns, row.pictures).enumerated().map { place, cell -> [String: Any] in
            [
              "row": number, "column": place, "label": cell.0.label,
              "source": "data:image/png;base64,\(cell.1.base64EncodedString())",
            ]
          },
        ]
      },
      "charts": charts.map { ["title": $0.title, "svg": $0.svg] },
    ]
  }
}

/// A page that cannot be rendered.
package enum PageError: ReportableError, Equatable {
  /// An embedded template is broken.
  case template(String, reason: String)

  package var kind: ErrorKind {
    .internal
  }

  package var description: String {
    switch self {
    case .template(let name, let reason):
      "The embedded template \(name) is broken (\(reason)); install lora-train again."
    }
  }
}
