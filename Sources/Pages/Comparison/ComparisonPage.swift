import Mustache

/// A comparison of checkpoints as an HTML page.
package struct ComparisonPage: Sendable {
  package struct Column: Sendable {
    package let label: String
    /// Further lines below the label.
    package let notes: [String]
    /// The SHA-256 of the adapter's file; nil for the base model.
    package let sha256: String?
    /// The rank among the checkpoints, from 1; nil without a rank.
    package let place: Int?

    package init(label: String, notes: [String], sha256: String?, place: Int?) {
      self.label = label
      self.notes = notes
      self.sha256 = sha256
      self.place = place
    }
  }

  package struct Row: Sendable {
    package let prompt: String
    package let seed: UInt64
    /// The addresses of the pictures, one for each column.
    package let pictures: [String]

    package init(prompt: String, seed: UInt64, pictures: [String]) {
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

  /// The page as one file, with its style sheet and script in it. If the pictures are in it, too, it needs
  /// no server. Throws `PageError.template` if the embedded template is broken.
  package func standalone() throws(PageError) -> String {
    try html([
      "isStandalone": true,
      "style": String(decoding: PackageResources.comparison_css, as: UTF8.self),
      "script": String(decoding: PackageResources.comparison_js, as: UTF8.self),
    ])
  }

  /// The page of the studio, which has style sheet and script as files. Throws as ``standalone()``.
  package func served() throws(PageError) -> String {
    try html(["isStandalone": false, "version": Asset.version])
  }

  private func html(_ frame: [String: Any]) throws(PageError) -> String {
    let template: MustacheTemplate
    do {
      template = try MustacheTemplate(
        string: String(decoding: PackageResources.comparison_mustache, as: UTF8.self))
    } catch {
      throw .template("comparison.mustache", reason: "\(error)")
    }
    return template.render(context.merging(frame) { $1 })
  }

  private var context: [String: Any] {
    [
      "title": title, "sentences": sentences, "settings": settings,
      "hasSeveral": columns.count > 1, "last": columns.count - 1,
      "columns": columns.enumerated().map { number, column -> [String: Any] in
        [
          "number": number, "label": column.label, "notes": column.notes,
          "hash": column.sha256.map { String($0.prefix(12)) } ?? "", "isBest": column.place == 1,
        ]
      },
      "rows": rows.enumerated().map { number, row -> [String: Any] in
        [
          "number": number, "prompt": row.prompt, "seed": "\(row.seed)",
          "columnCount": columns.count,
          "cells": zip(columns, row.pictures).enumerated().map { place, cell -> [String: Any] in
            [
              "row": number, "column": place, "label": cell.0.label,
              "source": cell.1,
            ]
          },
        ]
      },
      "charts": charts.map { ["title": $0.title, "svg": $0.svg] },
    ]
  }
}
