import Drawing
import Files
import Foundation
import Pages
import RunLog
import Workspace

/// A picture with the other picture of its comparison.
struct PairedPicture {
  let picture: GalleryPicture
  /// The number of the picture with the same seed and the other settings.
  let pair: Int64?
}

/// A picture as the interface answers it.
struct ShownPicture: Encodable {
  let id: Int64
  let job: Int64
  let seed: String
  let prompt: String
  let details: String
  let width: Int
  let height: Int
  let starred: Bool
  let pair: Int64?
  let createdAt: Date
  /// The order that it was drawn for, and everything that it was drawn with.
  var order: JSONValue?
  var record: JSONValue?

  private enum CodingKeys: String, CodingKey {
    case id, job, seed, prompt, details, width, height, starred, pair, order, record
    case createdAt = "created_at"
  }
}

extension Studio {
  /// The newest pictures. Throws `RunLogError`.
  func pictures(before: Int64?, starred: Bool, limit: Int) throws -> [PairedPicture] {
    guard let gallery = try queue.gallery.reading() else { return [] }
    return try paired(
      gallery.pictures(before: before, starred: starred, limit: limit), in: gallery)
  }

  /// Throws `StudioError.noPicture`, `RunLogError`.
  func picture(_ id: Int64) throws -> PairedPicture {
    guard let gallery = try queue.gallery.reading(), let picture = try gallery.picture(id),
      let paired = try paired([picture], in: gallery).first
    else { throw StudioError.noPicture(id) }
    return paired
  }

  private func paired(
    _ pictures: [GalleryPicture], in gallery: any GalleryReading
  ) throws -> [PairedPicture] {
    let jobs = Array(Set(pictures.map(\.job)))
    let all = Dictionary(grouping: try gallery.pictures(ofJobs: jobs), by: \.job)
    return pictures.map { picture in
      let other = all[picture.job]?.first {
        $0.seed == picture.seed && $0.variant != picture.variant
      }
      return PairedPicture(picture: picture, pair: other?.id)
    }
  }

  /// - Parameter isWhole: whether the order and the record are included.
  func shown(_ paired: PairedPicture, isWhole: Bool = false) throws -> ShownPicture {
    let picture = paired.picture
    var shown = ShownPicture(
      id: picture.id ?? 0, job: picture.job, seed: picture.seed, prompt: picture.prompt,
      details: try record(of: picture).summary, width: picture.width, height: picture.height,
      starred: picture.isStarred, pair: paired.pair, createdAt: picture.createdAt)
    guard isWhole else { return shown }
    let decoder = JSONDecoder()
    if let job = try queue.gallery.reading()?.job(picture.job) {
      shown.order = try decoder.decode(JSONValue.self, from: Data(job.request.utf8))
    }
    shown.record = try decoder.decode(JSONValue.self, from: Data(picture.record.utf8))
    return shown
  }

  func record(of picture: GalleryPicture) throws -> PictureRecord {
    try JSONDecoder().decode(PictureRecord.self, from: Data(picture.record.utf8))
  }

  func card(_ paired: PairedPicture) throws -> PictureCard {
    let picture = paired.picture
    return PictureCard(
      id: picture.id ?? 0, prompt: picture.prompt, details: try record(of: picture).summary,
      width: picture.width, height: picture.height, isStarred: picture.isStarred,
      pair: paired.pair)
  }
}

extension PictureRecord {
  /// What the picture was drawn with, in a few words.
  var summary: String {
    let adapters = adapters.map { adapter in
      adapter.strength == 1
        ? adapter.shownName : "\(adapter.shownName) × \(adapter.strength.short)"
    }
    let parts = [
      adapters.isEmpty ? model.name : adapters.joined(separator: " + "),
      refiner == nil ? nil : "refiner",
    ]
    return (parts.compactMap { $0 } + ["seed \(seed)"]).joined(separator: " · ")
  }

  /// Everything that it was drawn with.
  var facts: [Fact] {
    let adapters = adapters.map {
      "\($0.shownName), strength \($0.strength.short), SHA-256 \($0.sha256.prefix(12))"
    }
    let facts: [(String, String?)] = [
      ("Negative prompt", negative), ("Seed", "\(seed)"), ("Size", "\(width) × \(height)"),
      ("Steps", "\(steps)"), ("Guidance", guidance.short), ("Sampler", scheduler),
      ("Model", "\(model.path), SHA-256 \(model.sha256.prefix(12))"),
      ("Adapters", adapters.isEmpty ? "none" : adapters.joined(separator: "; ")),
      (
        "Refiner", refiner.map { "\($0.model.path)\($0.split.map { ", split \($0.short)" } ?? "")" }
      ),
      ("VAE", vae?.path),
      ("Start image", image.map { "\($0.picture.path), strength \($0.strength.short)" }),
      ("Precision", "\(precision) on \(device)"),
      ("Program", "lora-train \(program), libtorch \(libtorch)"),
    ]
    return facts.compactMap { name, value in value.map { Fact(name, $0) } }
  }
}

extension PictureRecord.Adapter {
  /// The name, with the run's number for the adapter of a checkpoint: several runs have the same subject.
  fileprivate var shownName: String {
    guard let run = path.firstMatch(of: /\/run-([0-9]+)\/step-/)?.1 else { return name }
    return "\(name) (run \(run))"
  }
}

extension PictureRecord.Source {
  /// The last part of the path.
  fileprivate var name: String { URL(filePath: path).lastPathComponent }
}
