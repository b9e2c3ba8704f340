public import Foundation
public import GRDB

/// A picture of the gallery, a row of the table `picture`.
public struct GalleryPicture: Codable, Equatable, Sendable, Identifiable {
  /// The picture's number, from 1; nil before it is recorded.
  public var id: Int64?
  /// The number of the job that has drawn it.
  public let job: Int64
  /// Which of the job's settings it was drawn with, from 0. A comparison has two.
  public let variant: Int
  /// The seed, as text, since SQLite has no unsigned numbers.
  public let seed: String
  /// Path of the PNG file, relative to the database's folder.
  public let path: String
  /// In pixels.
  public let width: Int
  /// In pixels.
  public let height: Int
  /// The prompt.
  public let prompt: String
  /// Everything that it was drawn with, the text of a JSON object.
  public let record: String
  /// Whether the user has marked it.
  public var isStarred = false
  /// When it was recorded.
  public let createdAt: Date

  /// A picture that is on the disk and not recorded yet.
  public init(
    job: Int64, variant: Int, seed: UInt64, path: String, width: Int, height: Int, prompt: String,
    record: String
  ) {
    self.job = job
    self.variant = variant
    self.seed = "\(seed)"
    self.path = path
    self.width = width
    self.height = height
    self.prompt = prompt
    self.record = record
    createdAt = Date()
  }
}

extension GalleryPicture: GalleryRow {
  /// The table of pictures.
  public static let databaseTableName = "picture"

  /// Takes the number that the database has given the picture.
  public mutating func didInsert(_ inserted: InsertionSuccess) { id = inserted.rowID }
}
