/** Ends this JVM when standard input closes, so that no broker outlives the test run that started it, however that run ended. */
final class ParentWatch {
  static void start() {
    Thread watch = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {}
      } catch (java.io.IOException closed) {
        // The same news as the end of the stream.
      }
      Runtime.getRuntime().halt(1);
    }, "parent-watch");
    watch.setDaemon(true);
    watch.start();
  }

  private ParentWatch() {}
}
