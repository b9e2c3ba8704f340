public import Files
public import Foundation
import Mustache

/// A comparison as one HTML file that needs no server and no other file: every picture is in it.
public struct ComparisonPage {
  /// A column of pictures.
  public struct Column {
    /// What it is called.
    public let label: String
    /// What else is said of it, line by line.
    public let notes: [String]
    /// Its place among the checkpoints, from 1, where it has one.
    public let place: Int?

    /// A column.
    public init(label: String, notes: [String], place: Int?) {
      self.label = label
      self.notes = notes
      self.place = place
    }
  }

  /// A row of pictures.
  public struct Row {
    /// What they show.
    public let prompt: String
    /// The seed of their noise.
    public let seed: UInt64
    /// The PNG files, one for each column.
    public let pictures: [Data]

    /// A row.
    public init(prompt: String, seed: UInt64, pictures: [Data]) {
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
  ///   - sentences: what is to be known first, as which checkpoint is best.
  ///   - settings: how all pictures were drawn.
  ///   - charts: curves of losses; those without points are left out.
  public init(
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

  /// The HTML. Throws `PageError.template` where the page's own template is broken.
  public func html() throws(PageError) -> String {
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

/// A page that cannot be made.
public enum PageError: ReportableError, Equatable {
  /// A template of this program is broken.
  case template(String, reason: String)

  /// What kind of fault it is.
  public var kind: ErrorKind {
    .internal
  }

  /// One sentence.
  public var description: String {
    switch self {
    case .template(let name, let reason):
      "The template \(name) of this program is broken (\(reason)); install lora-train again."
    }
  }
}
