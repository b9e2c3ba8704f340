import Files
import Foundation
package import RunLog
import Synchronization

/// The gallery of a project. It is only opened for writing, which creates its files, when the first job
/// is recorded; until then, looking changes nothing.
package final class StudioGallery: Sendable {
  /// What a job of a process that has died shows.
  static let interruption = "The studio was stopped before the job was finished; draw it again."

  private struct State {
    var gallery: Gallery?
    var lock: FileLock?
    /// Whether pictures are on the disk that are not recorded.
    var needsRecovery = true
  }

  let project: ProjectFolder
  private let state = Mutex(State())

  package init(_ project: ProjectFolder) { self.project = project }

  /// The gallery for reading; nil if there is none yet. Throws `RunLogError`.
  package func reading() throws -> (any GalleryReading)? {
    let open = state.withLock { $0.gallery }
    if let open, !open.isReplaced { return open }
    return try GalleryArchive(at: project.gallery)
  }

  /// The gallery for writing. The first call opens it, marks the jobs of a process that has died as failed,
  /// and records the pictures that it has not recorded. So does the first call after the file was
  /// deleted or replaced. Throws `StudioError.busy` if another process has it open, `RunLogError`,
  /// `FileAccessError`.
  package func writing() throws -> Gallery {
    try state.withLock { state in
      if let open = state.gallery, open.isReplaced {
        state.gallery = nil
        state.needsRecovery = true
      }
      if state.lock == nil {
        try DurableFile.makeFolder(project.url)
        guard let lock = try FileLock(project.studioLock) else {
          throw StudioError.busy(holder: FileLock.holder(of: project.studioLock))
        }
        state.lock = lock
      }
      let gallery: Gallery
      if let open = state.gallery {
        gallery = open
      } else {
        gallery = try Gallery(at: project.gallery)
        try gallery.failActive(Self.interruption)
        state.gallery = gallery
      }
      if state.needsRecovery {
        try GalleryRecovery(project: project, gallery: gallery).run()
        state.needsRecovery = false
      }
      return gallery
    }
  }

  /// Moves the file of a picture into the folder `.trash` beside it, and removes it from the gallery. Throws
  /// `StudioError`, `RunLogError`, `FileAccessError`.
  package func remove(_ id: Int64) throws {
    let gallery = try writing()
    guard let picture = try gallery.picture(id) else { throw StudioError.noPicture(id) }
    let file = project.url.appending(path: picture.path)
    let trash = project.pictures.appending(path: ".trash")
    try DurableFile.makeFolder(trash)
    if DurableFile.exists(file) {
      try DurableFile.rename(file, to: trash.appending(path: file.lastPathComponent))
    }
    try gallery.remove(id)
  }

  /// Remembers that a picture is on the disk and could not be recorded. The next call of ``writing()`` records it.
  func recoverLater() { state.withLock { $0.needsRecovery = true } }

  /// The process that has the gallery open, if it is another one. Throws `FileAccessError`.
  func otherHolder() throws -> String? {
    let isOwn = state.withLock { $0.lock != nil }
    guard !isOwn, try FileLock.isHeld(project.studioLock) else { return nil }
    return FileLock.holder(of: project.studioLock)
  }

  /// The newest jobs as recorded, the newest first. Active jobs of a process that has died are failed.
  /// Throws `RunLogError`, `FileAccessError`.
  func jobs(limit: Int) throws -> [JobState] {
    guard let gallery = try reading() else { return [] }
    let jobs = try gallery.jobs(limit: limit)
    let pictures = Dictionary(
      grouping: try gallery.pictures(ofJobs: jobs.compactMap(\.id)), by: \.job)
    let isAlive = try otherHolder() != nil
    return jobs.map { job in
      Self.state(of: job, pictures: pictures[job.id ?? 0] ?? [], isAlive: isAlive)
    }
  }

  /// A job as recorded; nil if there is none. Throws as ``jobs(limit:)``.
  func job(_ id: Int64) throws -> JobState? {
    guard let gallery = try reading(), let job = try gallery.job(id) else { return nil }
    return Self.state(
      of: job, pictures: try gallery.pictures(ofJobs: [id]), isAlive: try otherHolder() != nil)
  }

  /// - Parameter isAlive: whether another process may be drawing.
  private static func state(
    of job: StudioJob, pictures: [GalleryPicture], isAlive: Bool
  ) -> JobState {
    var state = JobState(job, pictures: pictures.compactMap(\.id))
    if state.status.isActive, !isAlive {
      state.status = .failed
      state.failure = interruption
    }
    return state
  }
}
