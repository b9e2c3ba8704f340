import Files
import Foundation
package import RunLog
import Synchronization

/// The gallery of a project. It is only opened for writing, which creates its files, when the first job
/// is recorded; until then, looking changes nothing.
package final class StudioGallery: Sendable {
  /// What a job of a process that has died shows.
  static let interruption = "The studio was stopped before the job was finished; draw it again."

  private struct Open {
    let gallery: Gallery
    let lock: FileLock
  }

  let project: ProjectFolder
  private let open = Mutex<Open?>(nil)

  package init(_ project: ProjectFolder) { self.project = project }

  /// The gallery for reading; nil if there is none yet. Throws `RunLogError`.
  package func reading() throws -> (any GalleryReading)? {
    try open.withLock { $0?.gallery } ?? GalleryArchive(at: project.gallery)
  }

  /// The gallery for writing. The first call opens it, and marks the jobs of a process that has died as
  /// failed, and records the pictures that it has not recorded. Throws `StudioError.busy` if another process has it open, `RunLogError`, `FileAccessError`.
  package func writing() throws -> Gallery {
    try open.withLock { open in
      if let open { return open.gallery }
      try DurableFile.makeFolder(project.url)
      guard let lock = try FileLock(project.studioLock) else {
        throw StudioError.busy(holder: FileLock.holder(of: project.studioLock))
      }
      let gallery = try Gallery(at: project.gallery)
      try gallery.failActive(Self.interruption)
      try GalleryRecovery(project: project, gallery: gallery).run()
      open = Open(gallery: gallery, lock: lock)
      return gallery
    }
  }

  /// Whether another process has the gallery open. Throws `FileAccessError`.
  func isBusyElsewhere() throws -> Bool {
    try open.withLock { try $0 == nil && FileLock.isHeld(project.studioLock) }
  }

  /// The newest jobs as recorded, the newest first. Active jobs of a process that has died are failed.
  /// Throws `RunLogError`, `FileAccessError`.
  func jobs(limit: Int) throws -> [JobState] {
    guard let gallery = try reading() else { return [] }
    let jobs = try gallery.jobs(limit: limit)
    let pictures = Dictionary(
      grouping: try gallery.pictures(ofJobs: jobs.compactMap(\.id)), by: \.job)
    let isAlive = try isBusyElsewhere()
    return jobs.map { job in
      var state = JobState(job, pictures: (pictures[job.id ?? 0] ?? []).compactMap(\.id))
      if state.status.isActive, !isAlive {
        state.status = .failed
        state.failure = Self.interruption
      }
      return state
    }
  }
}
