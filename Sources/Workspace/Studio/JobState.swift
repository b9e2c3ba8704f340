package import Foundation
package import RunLog

/// What a job does.
package enum JobKind: String, Sendable {
  case drawing, comparison, campaign
}

/// A job of the studio at one moment.
package struct JobState: Encodable, Equatable, Sendable {
  package let id: Int64
  package let kind: String
  package let title: String
  /// The seed of the first picture, as text, since not all programs read such large numbers.
  package let seed: String?
  package var status: JobStatus
  /// The number of jobs before it; nil unless it waits.
  package var position: Int?
  /// The number of pictures to draw.
  package let count: Int
  /// The finished share of all steps, from 0 to 1.
  package var share = 0.0
  /// The finished steps of the current picture.
  package var step = 0
  /// All steps of the current picture.
  package var steps = 0
  /// Raised with each new preview; 0: there is none.
  package var preview = 0
  /// The numbers of the finished pictures.
  package var pictures: [Int64] = []
  /// The error that ended it, one sentence.
  package var failure: String?
  /// Deviations from what was asked for, one sentence each.
  package var notes: [String] = []
  package let createdAt: Date

  private enum CodingKeys: String, CodingKey {
    case id, kind, title, seed, status, position, count, share, step, steps, preview, pictures,
      failure
    case notes
    case createdAt = "created_at"
  }

  /// A job as it is recorded.
  init(_ job: StudioJob, pictures: [Int64] = []) {
    id = job.id ?? 0
    kind = job.kind
    title = job.title
    seed = job.seed
    status = job.status
    count = job.count
    failure = job.failure
    createdAt = job.createdAt
    self.pictures = pictures
    if status == .finished { share = 1 }
  }
}
