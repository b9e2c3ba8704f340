import Foundation
import Images

/// The report as JSON. Other programs rely on its names.
extension DatasetReport: Encodable {
  /// Encodes the report.
  public func encode(to encoder: any Encoder) throws {
    try Document(self).encode(to: encoder)
  }
}

private struct Document: Encodable {
  struct Image: Encodable {
    let file: String
    let width: Int
    let height: Int
    let resized: [Int]
    let bucket: [Int]
    let cropTop: Int
    let cropLeft: Int
    let scale: Double
    let cutAway: Double
    let neverSeen: Double
    let caption: String
    let captions: [String]
    let tokens: Int
    let truncated: Bool
    let unread: String?
    let repeats: Int
    let focus: [Double]?
    let mask: String?
    let maskWeight: Double?
    let validation: Bool
    let problems: [String]

    enum CodingKeys: String, CodingKey {
      case file, width, height, resized, bucket, scale, caption, captions, tokens, truncated, unread
      case repeats, focus, mask, problems
      case validation = "held_out"
      case cropTop = "crop_top"
      case cropLeft = "crop_left"
      case cutAway = "cut_away"
      case neverSeen = "never_seen"
      case maskWeight = "mask_weight"
    }
  }

  struct Bucket: Encodable {
    let size: [Int]
    let samples: Int
    let batches: Int
  }

  struct File: Encodable {
    let file: String
    let role: String
    let reason: String?
  }

  struct Unusable: Encodable {
    let file: String
    let problem: String
  }

  struct Fix: Encodable {
    let why: String
    let commands: [String]
  }

  let subject: String
  let resolution: Int
  let images: [Image]
  let files: [File]
  let buckets: [Bucket]
  let stepsPerEpoch: Int
  let problems: [String]
  let unusable: [Unusable]
  let fixes: [Fix]

  enum CodingKeys: String, CodingKey {
    case subject, resolution, images, files, buckets, problems, unusable, fixes
    case stepsPerEpoch = "steps_per_epoch"
  }

  init(_ report: DatasetReport) {
    let problems = report.problems
    subject = report.config.subject
    resolution = report.resolution
    let textsByFile = Dictionary(
      problems.flatMap { problem in problem.files.map { ($0, [problem.text]) } },
      uniquingKeysWith: +)
    let isRandom = report.config.crop == .random
    images = report.images.map { Image($0, textsByFile[$0.image.name] ?? [], isRandom: isRandom) }
    files = report.files.map { File(file: $0.path, role: $0.role.name, reason: $0.role.reason) }
    buckets = report.buckets.map {
      Bucket(size: $0.size.sides, samples: $0.samples, batches: $0.batches)
    }
    stepsPerEpoch = report.stepsPerEpoch
    self.problems =
      report.unusable.map(\.description) + problems.map { $0.description(files: .max) }
    unusable = report.unusable.map { Unusable(file: $0.name, problem: $0.description) }
    fixes = report.fixes.map { Fix(why: $0.why, commands: $0.commands) }
  }
}

extension Document.Image {
  init(_ reported: ReportedImage, _ problems: [String], isRandom: Bool) {
    let (image, geometry) = (reported.image, reported.geometry)
    self.init(
      file: image.name, width: image.size.width, height: image.size.height,
      resized: geometry.resized.sides, bucket: geometry.target.sides, cropTop: geometry.cropTop,
      cropLeft: geometry.cropLeft, scale: geometry.scale, cutAway: geometry.cutAway,
      neverSeen: isRandom && image.focus == nil ? 0 : geometry.cutAway, caption: reported.caption,
      captions: image.captions, tokens: reported.tokens, truncated: !reported.unread.isEmpty,
      unread: reported.unread.isEmpty ? nil : String(reported.unread), repeats: image.repeats,
      focus: image.focus.map { [$0.x, $0.y] }, mask: image.mask?.description,
      maskWeight: reported.maskWeight?.seen,
      validation: reported.isValidation, problems: problems)
  }
}

extension PixelSize {
  fileprivate var sides: [Int] { [width, height] }
}

extension DatasetImage.Mask {
  fileprivate var description: String {
    switch self {
    case .alpha: "alpha"
    case .file(let url): url.lastPathComponent
    }
  }
}
