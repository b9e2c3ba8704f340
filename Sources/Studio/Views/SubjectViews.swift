import Datasets
import Files
import Foundation
import Hummingbird
import Images
import Options
import Pages
import StableDiffusion
import Training
import Workspace

extension Studio {
  var subjects: SubjectLibrary { SubjectLibrary(project, home: home) }

  func subjectsPage() -> SubjectsPage {
    SubjectsPage(
      subjects: subjects.entries().map { entry in
        SubjectsPage.Row(
          name: entry.name, address: entry.name.inPath,
          content: entry.images.map { "\($0) \($0 == 1 ? "image" : "images")" }
            ?? entry.problem ?? "",
          isBroken: entry.problem != nil)
      }, folder: subjects.datasets.relativePath)
  }

  /// Throws `StudioError.noSubject` and what `DatasetEditor.images()` throws.
  func subjectPage(_ name: String) throws -> SubjectPage {
    let editor = try subjects.editor(name)
    let images = try editor.images()
    var report: DatasetReport?
    var obstacle: String?
    if !images.isEmpty {
      do {
        report = try reports.report(name, in: subjects).report
      } catch {
        obstacle = "\(error)".withPlainOptions
      }
    }
    let reported = Dictionary(
      (report?.images ?? []).map { ($0.image.name, $0) }, uniquingKeysWith: { first, _ in first })
    let settings = try editor.settings()
    let subject = try Subject(name: name, directory: editor.directory)
    return SubjectPage(
      name: name, address: name.inPath, summary: report.map(Self.summary) ?? [],
      problems: (report?.problems ?? []).map(\.description.withPlainOptions),
      obstacle: obstacle ?? report?.unusable.first.map { "\($0)".withPlainOptions },
      images: images.map { image in
        Self.image(image, reported[image.name], of: name, report?.problems ?? [])
      },
      trigger: settings.trigger ?? "", classWord: settings.classWord ?? "",
      standardCaption: subject.defaultCaption)
  }

  /// A PNG file of an image as training sees it. Throws `ImageNameError`, `ImageError`.
  func tile(of image: String, in name: String, to request: Request) throws -> Response {
    let (report, version) = try reports.report(name, in: subjects)
    if let reported = report.images.first(where: { $0.image.name == image }) {
      return try Answer.png(at: reported.image.url, version: "tile \(version)", to: request) {
        try PNGEncoder.encode(reported.tile(masks: true))
      }
    }
    let file = try subjects.editor(name).image(image).url
    return try Answer.png(at: file, version: "whole tile", to: request) {
      try PNGEncoder.encode(
        ImageDecoder.decode(contentsOf: file).within(ContactSheet.tileSide))
    }
  }

  private static func summary(_ report: DatasetReport) -> [Fact] {
    let buckets = report.buckets.map { "\($0.samples) in \($0.size)" }
    let trained = report.images.count { !$0.isValidation }
    return [
      Fact(
        "Images",
        "\(trained) at \(report.resolution) pixels: \(buckets.joined(separator: ", "))"),
      Fact("Validation images", "\(report.files.count { $0.role == .validation })"),
      Fact("Steps per epoch", "\(report.stepsPerEpoch)"),
    ]
  }

  private static func image(
    _ image: EditableImage, _ reported: ReportedImage?, of subject: String,
    _ problems: [DatasetProblem]
  ) -> SubjectPage.Image {
    let size = image.image?.size
    return SubjectPage.Image(
      name: image.name, tile: "/api/datasets/\(subject.inPath)/tile?image=\(image.name.inPath)",
      width: size?.width ?? 0, height: size?.height ?? 0,
      facts: facts(of: image, reported).joined(separator: " · "),
      caption: image.image?.captions.first ?? "",
      hasSeveralCaptions: image.image?.captions.count ?? 0 > 1, isExcluded: image.isExcluded,
      isValidation: reported?.isValidation ?? false,
      isEditable: image.isInside && image.image != nil,
      point: image.image?.focus.map { "\($0.x) \($0.y)" } ?? "",
      hasMask: image.image?.mask != nil,
      problems: problems.filter { $0.files == [image.name] }.map(\.text.withPlainOptions))
  }

  private static func facts(of image: EditableImage, _ reported: ReportedImage?) -> [String] {
    guard let size = image.image?.size else { return ["cannot be used"] }
    guard let reported else { return ["\(size)"] }
    let geometry = reported.geometry
    return [
      "\(size) → \(geometry.target)",
      geometry.cutAway > 0.005 ? "\(Int((100 * geometry.cutAway).rounded())) % cut off" : nil,
      reported.unread.isEmpty
        ? "\(reported.tokens) tokens" : "\(reported.tokens) tokens, not all are read",
    ].compactMap { $0 }
  }
}

extension String {
  /// The text as a part of an address.
  var inPath: String {
    addingPercentEncoding(
      withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~"))) ?? ""
  }
}
