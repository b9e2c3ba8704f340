import Foundation
import RunLog
import Synchronization
import Workspace

/// Follows runs for pages. All pages of a run share one reader of the database, so that many readers cost
/// a training no more than one.
final class RunWatch: Sendable {
  private struct Watched {
    let broadcast: Broadcast<ServerEvent>
    let task: Task<Void, Never>
  }

  private let project: ProjectFolder
  private let interval: Duration
  private let runs = Mutex<[Int64: Watched]>([:])

  init(_ project: ProjectFolder, interval: Duration = .seconds(1)) {
    self.project = project
    self.interval = interval
  }

  /// The changes of a run from now on.
  func events(of run: Int64) -> AsyncStream<ServerEvent> {
    runs.withLock { runs in
      if let watched = runs[run] { return watched.broadcast.values() }
      let broadcast = Broadcast<ServerEvent>()
      let events = broadcast.values()
      let task = Task { await self.follow(run, broadcast) }
      runs[run] = Watched(broadcast: broadcast, task: task)
      return events
    }
  }

  /// Ends all streams.
  func stop() {
    let all = runs.withLock { Array($0.values) }
    for watched in all {
      watched.task.cancel()
      watched.broadcast.finish()
    }
  }

  private func follow(_ run: Int64, _ broadcast: Broadcast<ServerEvent>) async {
    var last: RunPulse?
    var beat = ContinuousClock.now
    while !Task.isCancelled {
      do {
        let known = last
        let pulse = try await blocking { [project] in
          // The last point may still grow, so it is sent again.
          let width = known?.curve.width ?? 1
          let step = known?.step ?? 0
          return try project.pulse(of: run, after: max(0, step - 1) / width * width)
        }
        if pulse != last {
          broadcast.send(try ServerEvent("pulse", pulse))
        } else if ContinuousClock.now - beat >= EventStream.heartbeat {
          broadcast.send(.heartbeat)
          beat = .now
        }
        last = pulse
        try await Task.sleep(for: interval)
      } catch is CancellationError {
        return
      } catch RunLogError.noSuchRun {
        broadcast.finish()
      } catch {
        // A database that is locked or replaced is read again.
        do { try await Task.sleep(for: interval) } catch { return }
      }
      let isOver = runs.withLock { runs in
        guard !broadcast.isHeard else { return false }
        runs[run] = nil
        return true
      }
      if isOver { return }
    }
  }
}
