# SPDX-License-Identifier: Apache-2.0
# The program of maps in Java (impls/languages.mk): classes, and a script that
# starts the virtual machine. A map whose library is missing is not compiled.
JAVA_MAPS    = $(filter java_%,$(ELSEWHERE))
JAVA_JARS    = $(foreach jar,$(filter gson jctools,$(sort $(foreach id,$(JAVA_MAPS),$(call needs,$(id))))),$(call lies_at,$(jar)))
JAVA_SOURCES = $(filter-out $(if $(filter java_nbhm_long,$(JAVA_MAPS)),,%/JavaNbhmLong.java),$(wildcard impls/java/*.java))

$(OUT)/readmostly-java: $(wildcard impls/java/*.java) impls/java/launch.sh
	@mkdir -p $(@D)
	@echo '  JAVA   $@'
	@jars=$$(echo $(JAVA_JARS) | tr ' ' ':') && rm -rf $(OUT)/java && \
	  javac --release 17 -Xlint:all $(if $(CI),-Werror) -d $(OUT)/java -cp "$$jars" $(JAVA_SOURCES) && \
	  sed "s|CLASSPATH|$$jars|" impls/java/launch.sh >$@$(NEW) && chmod +x $@$(NEW) && mv $@$(NEW) $@
